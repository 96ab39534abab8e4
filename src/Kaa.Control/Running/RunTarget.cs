using System.Globalization;
using Kaa.Control.Remote;
using Kaa.Formats;
using Kaa.Formats.ProcText;
using Kaa.Linux;
using Kaa.Linux.Access;
using Kaa.Linux.Calls;
using Kaa.Linux.Looking;
using Kaa.Linux.Memory;
using Kaa.Linux.Proc;
using Kaa.Linux.Processes;
using Kaa.Linux.Registers;
using Kaa.Python;
using Kaa.Python.Running;
using Kaa.Python.Stack;
using Kaa.Results;
using Kaa.Target;
using Kaa.Target.Symbols;
using Kaa.Target.Unwind;

namespace Kaa.Control.Running;

/// <summary>The process that code is to run in, with all that the ways have in common: stopping one thread, making the region, letting go.</summary>
internal sealed class RunTarget : IDisposable
{
    private const int MostSignalsMet = 3;

    private readonly ProcessMutex _mutex;
    private readonly IReadOnlyList<Address> _functions;
    private readonly RemoteRoom _room;
    private readonly RemoteCalls _calls;
    private readonly Borrowing _borrowing;
    private readonly HashSet<int> _cleared = [];
    private Tracer? _tracer;
    private bool? _seesDescriptors;

    private RunTarget(LiveTarget target, TaskDirectory tasks, PythonProcess python, ProcessMutex mutex, TargetPatch patch, RemoteRoom room)
    {
        Live = target;
        Tasks = tasks;
        Python = python;
        _mutex = mutex;
        Patch = patch;
        _room = room;
        _calls = new RemoteCalls(room, patch);
        _borrowing = new Borrowing(target, tasks, patch, room);
        var rules = new ModuleUnwindSource(target);
        Facts = new RunFacts(python, target, rules);
        var symbols = new Symbolizer(target);
        Verdict = new StackVerdict(target, Facts, symbols, rules);
        Queue = new QueueVerdict(target, Facts, symbols, rules);
        _functions = Facts.Functions(X64Runner.Functions, out string? missing)
            ?? throw new UserError("no-function", $"process {target.Info.Pid} has no function {missing}", "an interpreter that hides its C API can't be asked to run code");
    }

    public LiveTarget Live { get; }

    public TaskDirectory Tasks { get; }

    public PythonProcess Python { get; }

    /// <summary>What code of this Kaa's is told apart by.</summary>
    public string Key { get; } = string.Create(CultureInfo.InvariantCulture, $"{Environment.ProcessId}-{Clock.Microseconds}");

    public TargetPatch Patch { get; }

    public RunFacts Facts { get; }

    public StackVerdict Verdict { get; }

    public QueueVerdict Queue { get; }

    public RunRegion? Region { get; private set; }

    /// <summary>How often a thread was not used because a signal waited for it.</summary>
    public int SignalsMet { get; set; }

    /// <summary>
    /// <see cref="Borrowing.AllowsSignalled"/>: a timer sends one signal after the other. The signal is blocked while the code runs, and finds the call that it should interrupt as it was.
    /// </summary>
    public bool AllowsSignalled => SignalsMet >= MostSignalsMet;

    /// <summary>Longest time, in microseconds, that a thread stood still.</summary>
    public long PauseMicroseconds { get; private set; }

    public int Pid => Live.Info.Pid!.Value;

    /// <summary>As the process sees itself.</summary>
    public int OwnPid => Live.Info.ContainerPid ?? Pid;

    private bool IsNested => Live.Info.ContainerPid is not null;

    /// <exception cref="UserError">
    /// Those of <see cref="LiveTarget.Open(int)"/> and <see cref="PythonProcess.Find"/>; busy, not-writable, no-room, no-function, finalizing.
    /// </exception>
    public static RunTarget Open(int pid)
    {
        LiveTarget target = LiveTarget.Open(pid);
        TaskDirectory? tasks = null;
        TargetPatch? patch = null;
        ProcessMutex? mutex = null;
        try
        {
            PythonProcess python = PythonProcess.Find(target);
            if (python.Phase(target.Glance()) != InterpreterPhase.Running)
                throw new UserError("not-running", string.Create(CultureInfo.InvariantCulture, $"the interpreter of process {pid} is starting or ending"), "only between the two can it run code");
            tasks = TaskDirectory.Open(ProcRoot.System, pid) ?? throw ProcessGate.Exited(pid);
            patch = TargetPatch.Open(ProcRoot.System, ProcessGate.RequireLivingThread(ProcRoot.System, ProcessGate.RequireProcess(ProcRoot.System, pid))) ?? throw Refused(pid, RemoteHindrance.NotWritable);
            mutex = ProcessMutex.TryTake(pid, target.StartedAt ?? 0) ?? throw Refused(pid, RemoteHindrance.Busy);
            RemoteRoom room = RemoteRoom.Find(target) ?? throw Refused(pid, RemoteHindrance.NoRoom);
            return new RunTarget(target, tasks, python, mutex, patch, room);
        }
        catch
        {
            mutex?.Dispose();
            patch?.Dispose();
            tasks?.Dispose();
            target.Dispose();
            throw;
        }
    }

    public static UserError Refused(int pid, RemoteHindrance why) =>
        new(why.Code, string.Create(CultureInfo.InvariantCulture, $"code can't be run in process {pid}, because {why.Message}"), "nothing was changed in it");

    /// <summary>All threads as the interpreter and the kernel have them, without stopping any.</summary>
    public (IReadOnlyList<RawThread> Threads, IReadOnlyList<TargetThread> Kernel) Glance()
    {
        var observer = new ThreadObserver(Python);
        Live.Observe(observer, new LookOptions { NonBlocking = true, Only = new HashSet<int>() });
        return (observer.Threads, observer.Kernel);
    }

    /// <summary>Calls <paramref name="action"/> with one thread stopped, on the thread that traces; false where it could not be stopped.</summary>
    public bool WithOne(int tid, Action<HeldProcess, Tracee> action)
    {
        bool isDone = false;
        HeldProcess? held = null;
        TracerThread.Run(Hold, () => System.Threading.Volatile.Read(ref _tracer)?.BuryTheDead());
        return isDone;

        void Hold()
        {
            using (held = new HeldProcess(Tasks, IsNested))
            {
                System.Threading.Volatile.Write(ref _tracer, held.Tracer);
                if (held.StopOne(sight => sight.Tid == tid ? 0 : -1) is { Tracee: { } tracee })
                {
                    isDone = true;
                    action(held, tracee);
                }

                held.Release();
                PauseMicroseconds = Math.Max(PauseMicroseconds, held.Tracer.LongestMicroseconds);
            }
        }
    }

    /// <summary>The interpreter's side of one thread, while it is stopped; null where it has not exactly one thread state.</summary>
    public RawThread? Interpreted(HeldProcess held, int tid)
    {
        var kernel = new List<TargetThread>(held.Threads.Count);
        foreach (ThreadSight sight in held.Threads)
            kernel.Add(sight.ToThread());
        RawThread? found = null;
        foreach (RawThread thread in Python.ReadThreads(new Look(Live.Glance(), kernel, new HashSet<int> { tid }, 0)).Threads)
        {
            if (thread.Tid != tid)
                continue;
            if (found is not null)
                return null;
            found = thread;
        }

        return found;
    }

    /// <summary>Makes the region by way of a stopped thread, if there is none yet.</summary>
    /// <returns>Null; or why this thread, or any, can't.</returns>
    public RemoteHindrance? Prepare(HeldProcess held, Tracee tracee)
    {
        if (WhyNot(held, tracee) is { } hindrance)
            return hindrance;
        if (Region is not null)
            return null;
        Region = RunRegion.Make(_calls, tracee, _room.Stub, Patch, ProcRoot.System, X64Runner.Data(_functions, OwnPid), out RemoteHindrance? why);
        return Region is null ? why : null;
    }

    /// <summary>Makes the region's pipe by way of a stopped thread.</summary>
    public bool TryMakePipe(Tracee tracee) => Region!.PipeNumber >= 0 || Region.TryMakePipe(_calls, tracee, ProcRoot.System);

    /// <summary>True where the process finds its own descriptors below /proc: its root has a proc of its own pid namespace.</summary>
    public bool SeesItsDescriptors => _seesDescriptors ??= Directory.Exists(ProcRoot.System.Of(
        Pid, string.Create(CultureInfo.InvariantCulture, $"root/proc/{OwnPid}/fd")));

    /// <summary>Takes the region away, by way of a stopped thread or of any that can be borrowed.</summary>
    public void Remove(Tracee? stopped)
    {
        if (Region is not { } region)
            return;
        if (stopped is not null && region.Remove(_calls, stopped))
            Forget();
        for (int attempt = 0; Region is not null && stopped is null && attempt < 20; attempt++)
        {
            foreach (int tid in Tids())
            {
                if (Region is not null)
                    WithOne(tid, RemoveBy);
            }

            Clock.Sleep(1_000);
        }
    }

    public void Dispose()
    {
        Region?.Dispose();
        _mutex.Dispose();
        Patch.Dispose();
        Tasks.Dispose();
        Live.Dispose();
    }

    private void RemoveBy(HeldProcess held, Tracee tracee)
    {
        if (Tasks.Status(tracee.Tid) is { } status && PendingSignals.Interrupt(status, Tasks.Status))
            SignalsMet++;
        bool isInside = X64Runner.Contains(Region!.Address, tracee.Registers.Rip);
        if (!isInside && WhyNot(held, tracee) is null && Region.Remove(_calls, tracee))
            Forget();
    }

    private void Forget()
    {
        Region?.Dispose();
        Region = null;
    }

    private List<int> Tids()
    {
        var tids = new List<int>();
        Tasks.List(tids);
        return tids;
    }

    private RemoteHindrance? WhyNot(HeldProcess held, Tracee tracee)
    {
        if (_borrowing.IsRoomTaken(held.Threads))
            return RemoteHindrance.Busy;
        _borrowing.AllowsSignalled = AllowsSignalled;
        foreach (ThreadSight sight in held.Threads)
        {
            if (sight.Tid == tracee.Tid && _borrowing.Choose([sight]) is null)
                return _borrowing.Hindrance ?? RemoteHindrance.NoThread;
        }

        return _cleared.Contains(tracee.Tid) ? null : WhyFiltered(tracee.Tid);
    }

    /// <summary>Asks the thread's seccomp filters about the very calls; nothing is tried out.</summary>
    private RemoteHindrance? WhyFiltered(int tid)
    {
        if (Tasks.Status(tid)?.Seccomp == SeccompMode.Filter)
        {
            Address end = X64CallStub.CallEnd(_room.Stub);
            SeccompFilter? filter = SeccompFilter.Read(tid);
            bool isAllowed = filter is not null && filter.Allows(X64CallStub.Unblock(_room.Stub), end);
            foreach (RemoteCall call in RunRegion.Calls(_room.Stub))
                isAllowed = isAllowed && filter!.Allows(call, end);
            if (!isAllowed)
                return new RemoteHindrance("seccomp", filter is null ? "it has a seccomp filter, which Kaa may not read here, and which might kill it" : "its seccomp filter does not let it make a file in memory and map code");
        }

        _cleared.Add(tid);
        return null;
    }

    private sealed class ThreadObserver(PythonProcess python) : ILookObserver
    {
        public IReadOnlyList<RawThread> Threads { get; private set; } = [];

        public IReadOnlyList<TargetThread> Kernel { get; private set; } = [];

        public void Read(Look look)
        {
            Kernel = look.Threads;
            Threads = python.ReadThreads(look).Threads;
        }
    }
}
