using Kaa.Formats.ProcText;
using Kaa.Linux.Calls;
using Kaa.Linux.Launching;
using Kaa.Linux.Looking;
using Kaa.Linux.Proc;
using Kaa.Linux.Registers;
using Kaa.Linux.Tracing;
using Kaa.Python;
using Kaa.Results;

namespace Kaa.Control.Tracing;

/// <summary>All threads that a trace follows, and how it comes to them. Belongs to the tracer's thread, but for <see cref="BuryTheDead"/>.</summary>
public sealed class TracedThreads : IDisposable
{
    private const int StopPatience = 2_000;
    private const int VFork = 58;

    // An event loop's thread works for longer than this when it wakes up.
    private const int WatchMicroseconds = 100;

    private readonly TraceRequest _request;
    private readonly Dictionary<int, TracedThread> _threads = [];
    private readonly Dictionary<int, TracedProcess> _processes = [];
    private readonly List<int> _sleepers = [];
    private readonly List<int> _seized = []; // locked: another thread reads it
    private readonly HashSet<int> _refused = [];
    private readonly KernelText _text = new();
    private TaskDirectory? _tasks;
    private RestartProof? _proof;
    private long _watchAt;
    private int _root;

    internal TracedThreads(TraceRequest request) => _request = request;

    internal Action<TracedThread, WaitStatus>? OnFirstStop { get; set; }

    internal IEnumerable<TracedThread> All => _threads.Values;

    internal IEnumerable<TracedProcess> Processes => _processes.Values;

    /// <summary>Threads that could not be traced: another tracer has them, or they sleep in a call that can't be interrupted without harm.</summary>
    public int Untraced => _refused.Count + _sleepers.Count;

    /// <summary>Some of them made calls that were not seen; a sleeper makes none.</summary>
    public bool AreRefused => _refused.Count > 0;

    /// <summary>True while some sleep in such a call: they are joined once they have come out of it, so the tracer must look again and again.</summary>
    public bool HasSleepers => _sleepers.Count > 0;

    /// <summary>True for one of those.</summary>
    internal bool IsAsleep(TracedThread thread) => _sleepers.Contains(thread.Tid);

    public bool IsEmpty => _threads.Count == 0;

    /// <summary>Exit status of the process that was attached to or started, or 128 and the signal that ended it; null while it lives.</summary>
    public int? ExitStatus { get; private set; }

    /// <summary>Attaches to all threads of a process, one after the other: each stands still for some ten microseconds.</summary>
    /// <returns>False where none could be.</returns>
    public bool Attach(int pid, PythonProcess? python)
    {
        _root = pid;
        Process(pid).Know(python);
        _tasks = TaskDirectory.Open(ProcRoot.System, pid);
        if (_tasks is not { } tasks)
            return false;
        _proof = new RestartProof(tasks);
        while (JoinNew(tasks, pid))
        {
        }

        lock (_seized)
            _seized.Clear();
        return _threads.Count > 0;
    }

    /// <summary>Starts a program, to be traced from its first instruction on.</summary>
    /// <exception cref="UserError">As of <see cref="Launcher.Start"/>.</exception>
    public int Start(LaunchRequest request)
    {
        int pid = Launcher.Start(request, Options(_request));
        _root = pid;

        // It has stopped for its exec, inside of that call.
        _threads[pid] = new TracedThread(pid, Process(pid)) { IsNew = false, IsInCall = true };
        PTrace.ContinueToCall(pid, 0);
        return pid;
    }

    /// <summary>See <see cref="Tracer.BuryTheDead"/>: while threads are being seized another one may be in exec. For another thread.</summary>
    public void BuryTheDead()
    {
        lock (_seized)
        {
            foreach (int tid in _seized)
                PTrace.Bury(tid);
        }
    }

    internal static int Options(TraceRequest request) =>
        PTrace.MarkCalls | SyscallTracing.FollowThreads | PTrace.TraceExecs | (request.Follow ? SyscallTracing.FollowChildren : 0);

    internal List<Note> Notes()
    {
        var notes = new List<Note>();
        foreach (TracedProcess process in _processes.Values)
        {
            if (process.WithoutInterpreter > 0 && process.HasPython)
                notes.Add(new Note("stacks-missing", $"{process.WithoutInterpreter} hits came before the interpreter was found, and have no stack", process.Pid.ToString(System.Globalization.CultureInfo.InvariantCulture)));
        }

        return notes;
    }

    /// <summary>A thread that has stopped; one that nobody knew was made by one that is traced.</summary>
    internal TracedThread? Find(int tid)
    {
        if (_threads.TryGetValue(tid, out TracedThread? known))
            return known;
        if (Status(tid) is not { } status)
            return null;
        var thread = new TracedThread(tid, Process(status.ThreadGroup, status.ParentPid));
        _threads.Add(tid, thread);
        return thread;
    }

    /// <summary>Whoever has just been made by a thread.</summary>
    internal void AddChild(TracedThread parent)
    {
        if (PTrace.ChildOf(parent.Tid) is not { } child)
            return;
        TracedThread? thread = Find(child);
        if (thread is not null && thread.Process.Pid != parent.Process.Pid && !thread.Process.HasPython)
            thread.Process.KnowAsParent(parent.Process);
    }

    /// <summary>A child that came along with a plain clone though children are not followed is let go at its first stop.</summary>
    internal bool LetGoOfStranger(TracedThread thread)
    {
        if (_request.Follow || thread.Process.Pid == _root)
            return false;
        PTrace.Detach(thread.Tid, 0);
        Remove(thread);
        return true;
    }

    /// <summary>Another program runs in the process; the thread that called exec has its leader's id, all others are gone.</summary>
    internal void Exec(int tid)
    {
        int former = PTrace.ChildOf(tid) ?? tid;
        TracedThread? caller = _threads.GetValueOrDefault(former);
        TracedProcess process = caller?.Process ?? Process(tid);
        var gone = new List<int>();
        foreach (TracedThread thread in _threads.Values)
        {
            if (thread.Process == process)
                gone.Add(thread.Tid);
        }

        foreach (int each in gone)
            _threads.Remove(each);
        process.Replaced();
        _threads[tid] = new TracedThread(tid, process)
        {
            IsNew = false,
            IsInCall = true,
            Hit = caller?.Hit,
        };
    }

    /// <summary>The thread that has ended; null for one that was not known.</summary>
    internal TracedThread? End(int tid, WaitStatus status)
    {
        if (tid == _root)
            ExitStatus = status.Exit;
        _sleepers.Remove(tid);
        if (!_threads.TryGetValue(tid, out TracedThread? thread))
            return null;
        Remove(thread);
        return thread;
    }

    /// <summary>Joins those that have come out of the call that they could not be taken out of.</summary>
    internal void WatchSleepers()
    {
        // However many they are, it takes a tenth of the time.
        long began = Clock.Microseconds;
        if (began < _watchAt)
            return;
        for (int i = _sleepers.Count - 1; i >= 0; i--)
        {
            int tid = _sleepers[i];
            if (_text.TryRead(ProcRoot.System.Of(tid, "syscall"), out ReadOnlySpan<byte> text) && !text.IsEmpty && IsDelicate(tid, SyscallText.Parse(text)))
                continue;
            _sleepers.RemoveAt(i);
            if (_threads.TryGetValue(tid, out TracedThread? thread))
                Interrupt(thread);
        }

        long now = Clock.Microseconds;
        _watchAt = now + Math.Max(WatchMicroseconds, (now - began) * 10);
    }

    public void Dispose()
    {
        _tasks?.Dispose();
        foreach (TracedProcess process in _processes.Values)
            process.Dispose();
    }

    /// <summary>
    /// First those that sleep in calls which give EINTR: as long as nobody else is traced, no signal that is ignored is queued for anybody, so nothing wakes them but Kaa, which puts that right at once. Then the others;
    /// last of all those that have children, whose SIGCHLD is queued from then on.
    /// </summary>
    private bool JoinNew(TaskDirectory tasks, int pid)
    {
        var tids = new List<int>();
        tasks.List(tids);
        tids.RemoveAll(tid => _threads.ContainsKey(tid) || _refused.Contains(tid) || tasks.Stat(tid) is not { } stat || TaskState.HasEnded(stat.State));
        var sleepers = tids.FindAll(tid => tasks.Syscall(tid) is { Running: false, Number: >= 0 } call && !_proof!.Holds(tid, call));
        tids.RemoveAll(sleepers.Contains);
        var parents = tids.FindAll(tid => Children.Any(_text, pid, tid));
        tids.RemoveAll(parents.Contains);
        bool any = false;
        foreach (int tid in (IEnumerable<int>)[.. sleepers, .. tids, .. parents])
        {
            if (Join(tid, pid) is not { } thread)
                continue;
            any = true;
            if (tasks.Stat(tid) is { State: not 'T' } && tasks.Syscall(tid) is { } call && IsDelicate(tid, call))
                _sleepers.Add(tid);
            else
                InterruptNow(thread);
        }

        return any;
    }

    /// <summary>Null where it can't be traced.</summary>
    private TracedThread? Join(int tid, int pid)
    {
        lock (_seized)
            _seized.Add(tid);
        if (!PTrace.Seize(tid, Options(_request)))
        {
            // It may have been joined already as the child of another one.
            if (Errno.Last == Errno.PermissionDenied && Status(tid)?.TracerPid is { } tracer && tracer != Environment.ProcessId)
                _refused.Add(tid);
            return null;
        }

        var thread = new TracedThread(tid, Process(pid));
        _threads[tid] = thread;
        return thread;
    }

    /// <summary>It is not traced any more.</summary>
    internal void LetGo(TracedThread thread, int signal)
    {
        if (PTrace.Detach(thread.Tid, signal))
            _threads.Remove(thread.Tid);
    }

    private static void Interrupt(TracedThread thread)
    {
        thread.IsOnItsWay = true;
        _ = PTrace.Interrupt(thread.Tid);
    }

    /// <summary>So that a call that was cut short is repaired before anything else is done.</summary>
    private void InterruptNow(TracedThread thread)
    {
        Interrupt(thread);
        long end = Clock.Microseconds + StopPatience;
        while (Clock.Microseconds < end)
        {
            int found = SyscallTracing.Look(thread.Tid, out WaitStatus status);
            if (found == 0)
                continue;
            if (found < 0 || status.Kind == StopKind.Ended)
            {
                _ = PTrace.Poll(thread.Tid);
                Remove(thread);
                return;
            }

            OnFirstStop!(thread, status);
            if (status.Kind == StopKind.Group)
                PTrace.Listen(thread.Tid);
            else
                PTrace.ContinueToCall(thread.Tid, status.SignalToDeliver);
            return;
        }
    }

    /// <summary>
    /// A vfork parent does not stop before its child is done. In other calls the interrupt would be seen, were the tracer killed before the repair: and that may be long, as the
    /// thread must get a processor first. Where that is a copy of Kaa, which is not killed with it, only those are left asleep whose call can't be made again.
    /// </summary>
    private bool IsDelicate(int tid, SyscallText call) =>
        call is { Running: false, Number: >= 0 } && (call.Number == VFork || !(_request.IsWatched ? SyscallRestart.CanBeRepairedExactly(call.Number) : _proof!.Holds(tid, call)));

    private TracedProcess Process(int pid, int parent = 0)
    {
        if (_processes.TryGetValue(pid, out TracedProcess? known))
            return known;
        var process = new TracedProcess(pid, _request);
        if (_processes.TryGetValue(parent, out TracedProcess? from))
            process.KnowAsParent(from);
        _processes.Add(pid, process);
        return process;
    }

    private void Remove(TracedThread thread)
    {
        _threads.Remove(thread.Tid);
        foreach (TracedThread other in _threads.Values)
        {
            if (other.Process == thread.Process)
                return;
        }

        thread.Process.Dispose();
        if (thread.Process.Pid != _root)
            _processes.Remove(thread.Process.Pid);
    }

    private ProcessStatus? Status(int tid) =>
        _text.TryRead(ProcRoot.System.Of(tid, "status"), out ReadOnlySpan<byte> bytes) && !bytes.IsEmpty ? StatusParser.Parse(bytes) : null;
}
