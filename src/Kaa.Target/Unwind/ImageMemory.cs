using Kaa.Formats;
using Kaa.Formats.Elf;

namespace Kaa.Target.Unwind;

/// <summary>
/// A module's code and tables: from memory, and where they are not there (a core without the pages of files) from the file of the
/// same build.
/// </summary>
internal sealed class ImageMemory(IMemory memory, ModuleImage image) : IMemory
{
    public int Read(Address address, Span<byte> buffer)
    {
        int got = memory.Read(address, buffer);
        return got == buffer.Length ? got : got + ReadFile(address + got, buffer[got..]);
    }

    private int ReadFile(Address address, Span<byte> buffer)
    {
        foreach (ElfSegment segment in image.Segments)
        {
            long offset = address - segment.Start;
            bool isConstant = !segment.Flags.HasFlag(ElfSegmentFlags.Write);
            if (offset < 0 || (ulong)offset >= segment.FileSize || !isConstant)
                continue;
            int wanted = (int)Math.Min((ulong)buffer.Length, segment.FileSize - (ulong)offset);
            return image.File?.Read((long)segment.FileOffset + offset, buffer[..wanted]) ?? 0;
        }

        return 0;
    }
}
