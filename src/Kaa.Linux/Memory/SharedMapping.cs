using System.Globalization;
using Kaa.Formats.ProcText;
using Kaa.Linux.Calls;
using Kaa.Linux.Proc;

namespace Kaa.Linux.Memory;

/// <summary>Memory that a process shares with Kaa: a file without a name that both have mapped. It outlives the process.</summary>
public sealed unsafe class SharedMapping : IDisposable
{
    private const int ReadWrite = 3; // PROT_READ | PROT_WRITE
    private const int Shared = 1; // MAP_SHARED
    private const nint FutexCall = 202;
    private const nint FutexWait = 0; // FUTEX_WAIT, shared
    private const nint FutexWake = 1; // FUTEX_WAKE

    private byte* _start;
    private readonly int _length;

    private SharedMapping(byte* start, int length)
    {
        _start = start;
        _length = length;
    }

    /// <summary>All of it; not to be used any more when this is disposed of.</summary>
    public Span<byte> Bytes => new(_start, _start is null ? 0 : _length);

    /// <summary>By a descriptor of a thread of the process; null where that can't be opened.</summary>
    public static SharedMapping? OfDescriptor(ProcRoot proc, int tid, long descriptor, int length) =>
        Open(proc.Of(tid, string.Create(CultureInfo.InvariantCulture, $"fd/{descriptor}")), length);

    /// <summary>By where the process has it; null where that can't be opened (it takes privileges in the first user namespace).</summary>
    public static SharedMapping? OfMapping(ProcRoot proc, int tid, Mapping mapping) => Open(
        proc.Of(tid, string.Create(CultureInfo.InvariantCulture, $"map_files/{mapping.Start.Value:x}-{mapping.End.Value:x}")), (int)mapping.Length);

    private static SharedMapping? Open(string path, int length)
    {
        using Descriptor? file = Descriptor.Open(path, OpenFlags.ReadWrite);

        // A file that is shorter would end Kaa with SIGBUS.
        if (file is null || file.Status() is not { } status || status.Size < (ulong)length)
            return null;
        void* start = Libc.Map(null, (nuint)length, ReadWrite, Shared, file.Number, 0);
        return (nint)start == -1 ? null : new SharedMapping((byte*)start, length);
    }

    /// <summary>Sleeps while a word has a value, until it is woken or the time is up.</summary>
    public void Wait(int offset, uint value, TimeSpan time)
    {
        var timeout = new TimeSpec { Seconds = (long)time.TotalSeconds, Nanoseconds = time.Ticks % TimeSpan.TicksPerSecond * 100 };
        _ = Libc.SystemCall(FutexCall, (nint)(_start + offset), FutexWait, unchecked((nint)value), (nint)(&timeout));
    }

    /// <summary>Wakes whoever sleeps on a word.</summary>
    public void Wake(int offset) => _ = Libc.SystemCall(FutexCall, (nint)(_start + offset), FutexWake, int.MaxValue, 0);

    /// <summary>Gives pages back to the system: they are zeros then, for all who have them mapped.</summary>
    /// <param name="offset">At a page's border, as is the end.</param>
    public void Discard(int offset, int length)
    {
        const int Remove = 9; // MADV_REMOVE
        if (offset >= 0 && length > 0 && offset <= _length - length)
            _ = Libc.MAdvise(_start + offset, (nuint)length, Remove);
    }

    public void Dispose()
    {
        if (_start is not null)
            _ = Libc.Unmap(_start, (nuint)_length);
        _start = null;
    }
}
