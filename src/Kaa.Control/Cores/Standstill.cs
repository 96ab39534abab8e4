using Kaa.Control.Remote;
using Kaa.Formats;
using Kaa.Formats.Cores;
using Kaa.Formats.ProcText;
using Kaa.Linux.Access;
using Kaa.Linux.Calls;
using Kaa.Linux.Looking;
using Kaa.Linux.Memory;
using Kaa.Results;

namespace Kaa.Control.Cores;

/// <summary>
/// What is seen of a process while it stands still: registers of all threads, the list of its mappings, the ranges that a fork leaves out. On the thread that
/// traces.
/// </summary>
internal sealed class Standstill(DumpedProcess process, IMemory memory, ResidentPages pages)
{
    private const int RegisterBytes = 64 << 10; // a thread's XSAVE area has up to 11 KiB, with AMX
    private const long QuietHeap = 32 << 20;

    private readonly byte[] _scratch = GC.AllocateUninitializedArray<byte>(RegisterBytes);
    private Tracer? _tracer;

    /// <summary>Longest time that any thread stood still, in microseconds.</summary>
    public long PauseMicroseconds { get; private set; }

    public List<ThreadRecord> Threads { get; private set; } = [];

    /// <summary>Ran on while the others stood still.</summary>
    public List<int> Moved { get; private set; } = [];

    /// <summary>Null before the first.</summary>
    public CoreWriterProcess? Described { get; private set; }

    public SavedRanges Saved { get; private set; } = new();

    /// <summary>/proc/PID/maps as of then.</summary>
    public byte[] Maps { get; private set; } = [];

    /// <summary>When it was, in Unix seconds.</summary>
    public double At { get; private set; }

    /// <summary>Held already by the caller; null for nobody's.</summary>
    public HeldProcess? Lent { get; init; }

    /// <summary>Copies that an earlier Kaa has left, by their pids in the process's own pid namespace.</summary>
    public IReadOnlyList<int> LeftCopies { get; init; } = [];

    /// <summary>For another thread than the tracer's, again and again: <see cref="Tracer.BuryTheDead"/>.</summary>
    public void BuryTheDead() => System.Threading.Volatile.Read(ref _tracer)?.BuryTheDead();

    /// <summary>Calls <paramref name="action"/> while all threads are held.</summary>
    /// <param name="sparesSleepers">See <see cref="HeldProcess.SparesSleepers"/>.</param>
    /// <exception cref="UserError">process-exited, target-replaced, already-traced, stop-refused.</exception>
    public void During(bool sparesSleepers, Action<HeldProcess> action)
    {
        using HeldProcess? own = Lent is null ? new HeldProcess(process.Tasks, process.IsNested) { SparesSleepers = sparesSleepers } : null;
        HeldProcess held = Lent ?? own!;
        System.Threading.Volatile.Write(ref _tracer, held.Tracer);

        // A collection of our own garbage would be part of the pause.
        bool isQuiet = GC.TryStartNoGCRegion(QuietHeap);
        try
        {
            if (!held.Stop())
                throw ProcessGate.Vanished(process.Proc, process.Pid);
            Standing.Require(held, process.Tasks, process.Pid);
            At = Clock.UnixSeconds;
            Described = process.Describe();
            Record(held);
            action(held);
            Moved = held.Moved().ConvertAll(sight => sight.Tid);
        }
        finally
        {
            held.Release();
            PauseMicroseconds = Math.Max(PauseMicroseconds, held.Tracer.LongestMicroseconds);
            if (isQuiet && System.Runtime.GCSettings.LatencyMode == System.Runtime.GCLatencyMode.NoGCRegion)
                GC.EndNoGCRegion();
        }
    }

    /// <summary>Calls <paramref name="action"/> while one thread is held; false where none could be.</summary>
    public bool OfOne(bool sparesSleepers, Func<ThreadSight, int> rank, Action<HeldProcess, ThreadSight> action)
    {
        using var held = new HeldProcess(process.Tasks, process.IsNested) { SparesSleepers = sparesSleepers };
        System.Threading.Volatile.Write(ref _tracer, held.Tracer);
        ThreadSight? sight = held.StopOne(rank);
        if (sight is not null)
            action(held, sight);
        held.Release();
        PauseMicroseconds = Math.Max(PauseMicroseconds, held.Tracer.LongestMicroseconds);
        return sight is not null;
    }

    /// <summary>Copies what a fork will not have.</summary>
    public void Save(IReadOnlyList<RangeUsage> ranges)
    {
        Saved = new SavedRanges();
        Saved.Take(ranges, memory, pages);
        Maps = process.Read("maps");
    }

    /// <summary>Of all threads, as they are held now.</summary>
    public void Record(HeldProcess held)
    {
        var pointers = new ThreadPointers(memory);
        foreach (ThreadSight sight in held.Threads)
        {
            if (sight.IsStopped && sight.Tracee!.HasRegisters)
                pointers.Learn(sight.Tid, sight.Tracee.Registers.FsBase);
        }

        var records = new List<ThreadRecord>(held.Threads.Count);
        foreach (ThreadSight sight in held.Threads)
        {
            if (sight.Conduct != ThreadConduct.Ended)
                records.Add(ThreadRecord.Take(sight, process.Tasks, pointers, _scratch));
        }

        Threads = records;
    }
}
