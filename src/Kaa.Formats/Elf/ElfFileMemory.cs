namespace Kaa.Formats.Elf;

/// <summary>A file as it would lie in memory if it were loaded at its link-time addresses, before any relocation.</summary>
public sealed class ElfFileMemory(ElfFile file) : IMemory
{
    /// <summary>The file as an image; null where no segment holds its header.</summary>
    /// <exception cref="BadData">The headers make no sense.</exception>
    public ElfImage? Image()
    {
        foreach (ElfProgramHeader header in file.ProgramHeaders)
        {
            if (header.Type == ElfSegmentType.Load && header.Offset == 0)
                return ElfImage.FromMemory(this, new Address(header.VirtualAddress));
        }

        return null;
    }

    public int Read(Address address, Span<byte> buffer)
    {
        foreach (ElfProgramHeader header in file.ProgramHeaders)
        {
            ulong offset = unchecked(address.Value - header.VirtualAddress);
            if (header.Type != ElfSegmentType.Load || address.Value < header.VirtualAddress || offset >= header.MemorySize)
                continue;
            int length = (int)Math.Min((ulong)buffer.Length, header.MemorySize - offset);
            int stored = offset < header.FileSize ? (int)Math.Min((ulong)length, header.FileSize - offset) : 0;
            ulong place = unchecked(header.Offset + offset);
            int got = stored == 0 || place > long.MaxValue ? 0 : file.Read((long)place, buffer[..stored]);
            if (got < stored)
                return got;
            buffer[stored..length].Clear();
            return length;
        }

        return 0;
    }
}
