using Kaa.Formats.ProcText;
using Kaa.Linux.Calls;
using Kaa.Linux.Proc;
using Kaa.Target;

namespace Kaa.Linux.Looking;

/// <summary>All threads of the process, sighted one by one, and the proof afterwards that they stayed as they were.</summary>
public sealed class Roster(TaskDirectory tasks, bool nested) : IDisposable
{
    /// <summary>
    /// Counters that are kept open save an open each, 4 µs. Beyond this many they are opened again: a table of descriptors begins with 64 places,
    /// and each time that it grows in a process of several threads the kernel waits for all processors (expand_fdtable, fs/file.c), 5–10 ms.
    /// </summary>
    private const int OpenCounters = 32;

    private const int MaxListings = 10;

    private readonly Dictionary<int, int> _counters = [];
    private readonly Dictionary<int, int> _places = [];
    private readonly Dictionary<int, ThreadSight> _kept = [];
    private readonly List<int> _tids = [];
    private readonly List<ThreadSight> _added = [];
    private bool? _schedStat;

    /// <summary>In the kernel's order, the leader first.</summary>
    public List<ThreadSight> Threads { get; } = [];

    /// <summary>
    /// Sights the threads for a pass. Sleepers that are not wanted keep the sight of the pass in which they were read. False where the process is gone.
    /// </summary>
    /// <param name="wanted">Null for all.</param>
    public bool Begin(IReadOnlySet<int>? wanted)
    {
        _kept.Clear();
        foreach (ThreadSight sight in Threads)
        {
            if (wanted?.Contains(sight.Tid) == false && sight.Conduct != ThreadConduct.Running && !sight.IsHeld)
                _kept.Add(sight.Tid, sight);
        }

        Threads.Clear();
        _places.Clear();
        AddNew(out _);
        return Threads.Count > 0;
    }

    /// <summary>
    /// Lists until nobody is new and the count is right: while threads come and go the kernel's list may lack some. False where there was nobody new.
    /// </summary>
    public bool AddNew(out IReadOnlyList<ThreadSight> added)
    {
        _added.Clear();
        for (int i = 0; i < MaxListings; i++)
        {
            _tids.Clear();
            if (!tasks.List(_tids))
                break;
            bool anyNew = false;
            foreach (int tid in _tids)
                anyNew |= !_places.ContainsKey(tid) && Add(tid);
            if (!anyNew || tasks.Count() == Threads.Count)
                break;
        }

        added = _added;
        return _added.Count > 0;
    }

    /// <summary>True where there are threads now that have not been sighted. Cheap: one call where there are none.</summary>
    public bool MayHaveNew() => tasks.Count() is not { } count || count != Threads.Count;

    /// <summary>The first of them, which is the leader where he is among them, comes last: as long as he runs he takes the process's signals, and nobody else's call ends for one.</summary>
    /// <param name="tids">In the kernel's order.</param>
    public static List<int> LeaderLast(List<int> tids) => tids.Count > 1 ? [.. tids[1..], tids[0]] : tids;

    public ThreadSight? Find(int tid) => _places.TryGetValue(tid, out int place) ? Threads[place] : null;

    /// <summary>For a thread that could not be stopped: what it does now.</summary>
    public void SightAgain(int tid)
    {
        if (Sight(tid) is { } sight)
            Threads[_places[tid]] = sight;
    }

    /// <summary>True where the thread did not run from its sight until now. See <see cref="RunCount"/> for why this proves it.</summary>
    public bool StoodStill(ThreadSight sight)
    {
        if (sight.IsHeld)
            return true;
        if (sight.Conduct == ThreadConduct.Running || sight.Count is not { } before)
            return false;
        if (!before.FromSchedStat && !StillOffProcessor(sight))
            return false;
        return Count(sight.Tid, before.FromSchedStat) == before;
    }

    public bool HasEnded(ThreadSight sight) => tasks.Stat(sight.Tid) is not { IsZombie: false };

    public void Dispose()
    {
        foreach (int counter in _counters.Values)
            _ = Libc.Close(counter);
        _counters.Clear();
    }

    private bool Add(int tid)
    {
        if ((_kept.GetValueOrDefault(tid) ?? Sight(tid)) is not { } sight)
            return false;
        _places.Add(tid, Threads.Count);
        Threads.Add(sight);
        _added.Add(sight);
        return true;
    }

    private ThreadSight? Sight(int tid)
    {
        // In this order: see RunCount.
        RunCount? count = CountAtFirst(tid);
        SyscallText? call = tasks.Syscall(tid);

        // In a pid namespace the thread has another id for itself, which only status tells.
        if (nested)
            return tasks.Status(tid) is { } status ? New(tid, Innermost(status, tid), status.Name, status.State, status.TracerPid, count, call) : null;
        if (tasks.Stat(tid) is not { } stat)
            return null;
        int tracer = stat.State == 't' ? tasks.Status(tid)?.TracerPid ?? 0 : 0;
        return New(tid, tid, stat.Name, stat.State, tracer, count, call);
    }

    private static ThreadSight New(int tid, int inner, string name, char state, int tracer, RunCount? count, SyscallText? call) => new()
    {
        Tid = tid,
        NamespaceTid = inner,
        Name = name,
        State = state,
        TracerPid = tracer,
        Count = count,
        Call = call,
        Conduct = ThreadConducts.Of(state, call),
    };

    private static int Innermost(ProcessStatus status, int tid) => status.NamespacePids.Count > 0 ? status.NamespacePids[^1] : tid;

    private bool StillOffProcessor(ThreadSight sight) => sight.Call is null
        ? tasks.Stat(sight.Tid) is { } stat && stat.State == sight.State && stat.State != 'R'
        : tasks.Syscall(sight.Tid) is { Running: false } call && call == sight.Call;

    private RunCount? CountAtFirst(int tid)
    {
        // A kernel that does not count says "0 0 0" of every thread: the first one that is asked decides.
        _schedStat ??= Count(tid, true) is not null;
        return Count(tid, _schedStat.Value);
    }

    private RunCount? Count(int tid, bool schedStat)
    {
        if (_counters.Remove(tid, out int open))
        {
            if (tasks.Count(open, schedStat) is { } known)
                return Keep(tid, open, known);
            _ = Libc.Close(open);
        }

        int counter = tasks.OpenCounter(tid, schedStat);
        if (tasks.Count(counter, schedStat) is { } count)
            return Keep(tid, counter, count);
        if (counter >= 0)
            _ = Libc.Close(counter);
        return null;
    }

    private RunCount Keep(int tid, int counter, RunCount count)
    {
        if (_counters.Count < OpenCounters)
            _counters.Add(tid, counter);
        else
            _ = Libc.Close(counter);
        return count;
    }
}
