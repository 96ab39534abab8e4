using Kaa.Linux.Calls;
using Kaa.Linux.Looking;
using Kaa.Linux.Registers;
using Kaa.Linux.Tracing;
using Kaa.Results;

namespace Kaa.Control.Tracing;

/// <summary>
/// Follows the system calls of all threads of a process by ptrace. Each call stops its thread at its entry and its exit, the others run on. A call that was not
/// asked for costs the two stops and one question. Everything on one thread (<see cref="TracerThread"/>), at whose end the kernel lets all of them go without
/// waking one that sleeps: see <see cref="TraceEnding"/>.
/// </summary>
public sealed class SyscallTracer : IDisposable
{
    private const int Exit = 60;
    private const int ExitGroup = 231;
    private const long Interrupted = -Errno.Interrupted;
    private const int SpinMicroseconds = 15;
    private const int WatchMicroseconds = 100;
    private const int LeaveMicroseconds = 500_000;
    private const int LongestLeave = 3_000_000;

    private readonly TracedThreads _threads;
    private readonly SyscallHits _hits;
    private bool _hasInformation = true;
    private volatile bool _isStopped;
    private TraceEnding? _ending;

    public SyscallTracer(TraceRequest request, ITraceSink sink)
    {
        Progress = new TraceProgress(request, sink);
        _hits = new SyscallHits(Progress);
        _threads = new TracedThreads(request);
    }

    public TraceProgress Progress { get; }

    /// <summary>The kernel's id of the thread that traces; 0 before it began.</summary>
    public int TracerTid { get; private set; }

    public TracedThreads Threads => _threads;

    /// <summary>In what the answer is less than complete, once the trace has ended.</summary>
    public IReadOnlyList<Note> Notes => _threads.Notes();

    /// <summary>Ends the trace; may be called by any thread. <see cref="WaitKick"/> must follow, as the tracer may be asleep.</summary>
    public void Stop() => _isStopped = true;

    /// <summary>Traces until <see cref="Stop"/>, the number of hits, or the end of all that is traced. On the tracer's thread.</summary>
    /// <param name="attach">Begins with whoever is to be traced; false where there is nobody.</param>
    public void Run(Func<TracedThreads, bool> attach)
    {
        TracerTid = SyscallTracing.ThisThread;
        _threads.OnFirstStop = FirstStop;
        if (!attach(_threads))
            return;
        while (!_isStopped && !Progress.IsOver)
        {
            int tid = Next(out WaitStatus status);
            if (tid < 0)
                break;
            if (tid > 0)
                Handle(tid, status);
            if (_threads.HasSleepers)
                _threads.WatchSleepers();
        }

        _hits.TellUnfinished(_threads.All);
        Progress.Close();
        Leave();
    }

    private void GoOn(TracedThread thread, int signal)
    {
        if (_ending?.MayLeave(thread) == true)
            _threads.LetGo(thread, signal);
        else
            _ = PTrace.ContinueToCall(thread.Tid, signal);
    }

    /// <summary>Lets go of all: of some here, of the others by the end of this thread. Not for ever: a parent may be in a call that it can't be taken out of.</summary>
    private void Leave()
    {
        _ending = new TraceEnding(_threads);
        long last = Clock.Microseconds + LongestLeave;
        long end = Clock.Microseconds + LeaveMicroseconds;
        while (Clock.Microseconds < end)
        {
            int tid = SyscallTracing.Wait(block: false, out WaitStatus status);
            if (tid > 0)
            {
                Handle(tid, status);
                end = Math.Min(last, Clock.Microseconds + LeaveMicroseconds);
            }
            else if (tid < 0 || _ending.Advance())
                return;
            else
                Clock.Sleep(WatchMicroseconds);
        }
    }

    public void Dispose() => _threads.Dispose();

    /// <summary>A thread on another processor is often back within microseconds, sooner than we would be woken up.</summary>
    private int Next(out WaitStatus status)
    {
        int tid = SyscallTracing.Wait(block: false, out status);
        if (tid != 0)
            return tid;
        long end = Clock.Microseconds + SpinMicroseconds;
        do
        {
            tid = SyscallTracing.Wait(block: false, out status);
        }
        while (tid == 0 && Clock.Microseconds < end);
        if (tid != 0)
            return tid;
        if (!_threads.HasSleepers)
            return SyscallTracing.Wait(block: true, out status);
        Clock.Sleep(WatchMicroseconds);
        return 0;
    }

    private void Handle(int tid, WaitStatus status)
    {
        if (status.Kind == StopKind.Ended)
        {
            End(tid, PTrace.Poll(tid) ?? status);
            return;
        }

        if (status.Kind == StopKind.Exec)
            _threads.Exec(tid);
        if (_threads.Find(tid) is not { } thread)
        {
            // It is about to end, or nothing is known of it.
            PTrace.Continue(tid, status.SignalToDeliver);
            return;
        }

        int signal = 0;
        if (thread.IsNew && status.Kind is StopKind.Event or StopKind.Group or StopKind.Signal)
            FirstStop(thread, status);
        switch (status.Kind)
        {
            case StopKind.Call:
                AtCall(thread);
                return;
            case StopKind.Child:
                _threads.AddChild(thread);
                break;
            case StopKind.Group when _ending?.MayLeave(thread) != true:
                PTrace.Listen(tid);
                return;
            case StopKind.Signal:
                AttachRepair.AtSignal(tid, status.Signal);
                signal = status.Signal;
                break;
        }

        if (!_threads.LetGoOfStranger(thread))
            GoOn(thread, signal);
    }

    private void FirstStop(TracedThread thread, WaitStatus status)
    {
        thread.IsNew = false;
        thread.IsOnItsWay = false;
        if (AttachRepair.AtInterrupt(thread.Tid, status) is not { } registers)
            return;
        thread.Caller = new Kaa.Python.Stack.CallerThread(registers.FsBase, thread.Tid);

        // A call that had begun before is made again now: it is none of the trace's.
        if (SyscallRestart.WasInCall(registers))
            thread.Interrupted.Add(new InterruptedCall(new CallPlace(registers.Rip, registers.Rsp), null));
    }

    private void AtCall(TracedThread thread)
    {
        if (!thread.IsInCall)
        {
            AtEntry(thread);
            return;
        }

        thread.IsInCall = false;
        PendingHit? hit = thread.Hit;
        thread.Hit = null;
        if ((hit is null && !thread.MayGiveEintr) || !TryRead(thread.Tid, false, out SyscallStop stop))
            GoOn(thread, 0);
        else
            AtExit(thread, hit, stop.Result);
    }

    private bool TryRead(int tid, bool isEntry, out SyscallStop stop)
    {
        if (_hasInformation && SyscallTracing.TryRead(tid, out stop))
            return true;
        bool isOld = _hasInformation && Errno.Last is Errno.InputOutput or Errno.Invalid;
        _hasInformation &= !isOld;
        return SyscallTracing.TryRead(tid, isEntry, out stop);
    }

    private void AtEntry(TracedThread thread)
    {
        if (!TryRead(thread.Tid, true, out SyscallStop stop) || stop.Side == SyscallStopSide.Exit)
        {
            // The end of a call whose beginning was not seen.
            if (stop is { Side: SyscallStopSide.Exit, Result: Interrupted })
                AttachRepair.AtExit(thread.Tid);
            GoOn(thread, 0);
            return;
        }

        thread.IsInCall = true;
        thread.MayGiveEintr = SyscallRestart.MayGiveEintr(stop.Number);
        thread.CallNumber = stop.Number;
        thread.IsParent |= TraceEnding.MakesChildren(stop.Number);
        thread.Place = new CallPlace(stop.InstructionPointer, stop.StackPointer);
        if (TracedDescriptors.MayChange(stop.Number))
            thread.Process.Descriptors.Forget();
        if (_hits.Resumes(thread))
        {
            GoOn(thread, 0);
            return;
        }

        if (_ending is null && stop.Side == SyscallStopSide.Entry)
            thread.Hit = _hits.Begin(thread, stop);
        bool isLast = stop.Number is Exit or ExitGroup;
        PendingHit? last = isLast ? thread.Hit : null;
        if (isLast)
            thread.Hit = null;
        GoOn(thread, 0);
        if (last is not null)
            _hits.TellUnfinished(thread, last);
    }

    private void AtExit(TracedThread thread, PendingHit? hit, long result)
    {
        // What the thread does next shows whether the call is made again, or EINTR is the program's.
        if (result == Interrupted && thread.MayGiveEintr)
            AttachRepair.AtExit(thread.Tid);
        bool isCutShort = SyscallRestart.IsRestartCode(result) || result == Interrupted;
        if (isCutShort)
            _hits.Interrupt(thread, hit);
        bool isHit = !isCutShort && hit is not null && _hits.Complete(thread, hit, result);
        GoOn(thread, 0);
        if (isHit)
            _hits.TellEnded(thread, hit!, result);
    }

    private void End(int tid, WaitStatus status)
    {
        if (_threads.End(tid, status) is { Hit: { } hit } thread)
            _hits.TellUnfinished(thread, hit);
    }
}
