using Kaa.Formats;
using Kaa.Formats.Elf;

namespace Kaa.Target.Cores;

/// <summary>
/// The process's memory: what the core holds, and where it left out pages of programs and libraries, their files. What the program
/// may have changed is never taken from a file, unless it is known that it did not. Uncached.
/// </summary>
internal sealed class CoreMemory : IMemory
{
    private readonly DumpedMemory _dumped;
    private readonly MappedFiles _files;
    private readonly bool _changesWereDumped;

    public CoreMemory(DumpedMemory dumped, MappedFiles files)
    {
        _dumped = dumped;
        _files = files;
        _changesWereDumped = HoldsChangedPages(dumped, files);
    }

    public int Read(Address address, Span<byte> buffer)
    {
        int done = 0;
        while (done < buffer.Length && ulong.MaxValue - address.Value >= (ulong)done)
        {
            int got = _dumped.Read(address + done, buffer[done..]);
            if (got == 0)
                got = ReadFile(address + done, buffer[done..]);
            if (got == 0)
                break;
            done += got;
        }

        return done;
    }

    private int ReadFile(Address address, Span<byte> buffer)
    {
        if (_files.Find(address) is not { } place)
            return 0;
        Address end = place.Mapping.End;
        bool isCut = false;
        if (_dumped.Find(address) is { } range)
        {
            isCut = address < range.PromisedEnd;
            end = Lower(end, isCut ? range.PromisedEnd : range.End);
        }
        else
        {
            end = Lower(end, NextRange(address));
        }

        int length = (int)Math.Min((ulong)buffer.Length, (ulong)(end - address));
        return place.File.Read(address, buffer[..length], wasWritten: isCut || !_changesWereDumped);
    }

    private Address NextRange(Address address)
    {
        IReadOnlyList<DumpedRange> ranges = _dumped.Ranges;
        int index = _dumped.IndexBehind(address);
        return index < ranges.Count ? ranges[index].Start : new Address(ulong.MaxValue);
    }

    private static Address Lower(Address left, Address right) => left < right ? left : right;

    /// <summary>
    /// Kernel and gdb dump a private page that the program changed whenever they dump anonymous memory (bit 0 of coredump_filter; vma_dump_size,
    /// fs/coredump.c): the stack is there, say. Then a page of a file that is not in the core is as it is in the file.
    /// </summary>
    private static bool HoldsChangedPages(DumpedMemory dumped, MappedFiles files)
    {
        foreach (DumpedRange range in dumped.Ranges)
        {
            if (range.PromisedEnd > range.Start && range.Flags.HasFlag(ElfSegmentFlags.Write) && files.Find(range.Start) is null)
                return true;
        }

        return false;
    }
}
