using Kaa.Control.Conditions;
using Kaa.Control.Tracing.Decoding;
using Kaa.Formats;
using Kaa.Linux.Calls;
using Kaa.Linux.Looking;
using Kaa.Linux.Registers;
using Kaa.Linux.Tracing;
using Kaa.Python;
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
    private const long Interrupted = -4; // EINTR
    private const int SpinMicroseconds = 15;
    private const int MostInterrupted = 16;
    private const int WatchMicroseconds = 100;
    private const int LeaveMicroseconds = 500_000;
    private const int LongestLeave = 3_000_000;

    private readonly TraceRequest _request;
    private readonly ITraceSink _sink;
    private readonly TracedThreads _threads;
    private readonly HitContext _context = new() { Memory = NoMemory.Instance };
    private readonly bool _asksAtExit;
    private readonly long _began = Clock.Microseconds;
    private bool _hasInformation = true;
    private volatile bool _isStopped;
    private TraceEnding? _ending;

    public SyscallTracer(TraceRequest request, ITraceSink sink)
    {
        _request = request;
        _sink = sink;
        _threads = new TracedThreads(request);
        _asksAtExit = request.When is { } when && ConditionFacts.Asks(when, fact => fact == ConditionFact.Result);
    }

    /// <summary>Calls that were asked for and for which the condition held.</summary>
    public long Hits { get; private set; }

    /// <summary>Calls that were asked for, but whether the condition held could not be told.</summary>
    public long Undecided { get; private set; }

    /// <summary>Why not, of the first of these.</summary>
    public string? UndecidedWhy { get; private set; }

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
        while (!_isStopped)
        {
            int tid = Next(out WaitStatus status);
            if (tid < 0)
                break;
            if (tid > 0)
                Handle(tid, status);
            if (_threads.HasSleepers)
                _threads.WatchSleepers();
        }

        if (_request.Count == 0 || Hits < _request.Count)
            TellUnfinished();
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
        if (thread.Interrupted.Count > 0 && Resumes(thread))
        {
            GoOn(thread, 0);
            return;
        }

        if (_ending is null && stop.Side == SyscallStopSide.Entry && _request.Syscalls!.Find(stop.Number) is { } signature)
            thread.Hit = Begin(thread, signature, stop);
        bool isLast = stop.Number is Exit or ExitGroup;
        PendingHit? last = isLast ? thread.Hit : null;
        if (isLast)
            thread.Hit = null;
        GoOn(thread, 0);
        if (last is not null)
            Tell(thread, last, null, null);
    }

    /// <summary>True for a call that is made again after it had been cut short. Who goes on elsewhere has got its EINTR.</summary>
    private bool Resumes(TracedThread thread)
    {
        while (thread.Interrupted.Count > 0)
        {
            InterruptedCall last = thread.Interrupted[^1];

            // Deeper on the stack: a signal's handler, from which the thread comes back.
            if (thread.Place.StackPointer < last.Place.StackPointer)
                return false;
            thread.Interrupted.RemoveAt(thread.Interrupted.Count - 1);
            if (thread.Place == last.Place)
            {
                thread.Hit = last.Hit;
                return true;
            }

            if (last.Hit is { } hit)
                Finish(thread, hit, Interrupted);
        }

        return false;
    }

    /// <summary>Null where the condition does not hold.</summary>
    private PendingHit? Begin(TracedThread thread, Signature signature, in SyscallStop stop)
    {
        TracedProcess process = thread.Process;
        if (!process.Open(thread.Tid, stop.StackPointer))
            return null;
        process.Memory!.Begin(thread.AtEntry);
        thread.LearnPointer();
        SyscallArguments arguments = stop.Arguments;
        Span<ulong> registers = arguments;
        TraceStack? stack = null;
        if (_request.When is { } when && !_asksAtExit)
        {
            Prepare(thread, registers, stop.InstructionPointer, stop.StackPointer, () => stack ??= process.ReadStack(thread));
            if (!Holds(when))
                return null;
        }

        stack ??= process.ReadStack(thread);
        thread.IsPointerProved |= stack.Frames.Count > 0;
        return new PendingHit
        {
            Signature = signature,
            Began = Clock.Microseconds,
            Arguments = arguments,
            Place = thread.Place,
            Shown = process.Decoder!.Enter(signature, registers),
            Stack = stack,
            Thread = TracedProcess.NameOf(thread),
        };
    }

    private void Prepare(TracedThread thread, ReadOnlySpan<ulong> registers, ulong instruction, ulong stackPointer, Func<TraceStack> stack)
    {
        _context.Memory = thread.Process.Memory!;
        _context.Tid = thread.Tid;
        _context.ThreadName = TracedProcess.NameOf(thread);
        _context.Begin(registers, instruction, stackPointer, stack);
    }

    private bool Holds(ConditionNode when)
    {
        ConditionAnswer answer = ConditionEvaluator.Ask(when, _context);
        if (answer.Holds is null)
        {
            Undecided++;
            UndecidedWhy ??= answer.Unknown;
        }

        return answer.Holds == true;
    }

    private void AtExit(TracedThread thread, PendingHit? hit, long result)
    {
        // What the thread does next shows whether the call is made again, or EINTR is the program's.
        if (result == Interrupted && thread.MayGiveEintr)
            AttachRepair.AtExit(thread.Tid);
        if (SyscallRestart.IsRestartCode(result) || result == Interrupted)
            Interrupt(thread, hit);
        else if (hit is not null)
        {
            Return(thread, hit, result);
            return;
        }

        GoOn(thread, 0);
    }

    private void Interrupt(TracedThread thread, PendingHit? hit)
    {
        // Handlers within handlers; or calls that ended with EINTR, behind which the thread has stayed deeper on its stack ever since.
        if (thread.Interrupted.Count == MostInterrupted)
        {
            if (thread.Interrupted[0].Hit is { } oldest)
                Finish(thread, oldest, Interrupted);
            thread.Interrupted.RemoveAt(0);
        }

        thread.Interrupted.Add(new InterruptedCall(thread.Place, hit));
    }

    private void Return(TracedThread thread, PendingHit hit, long result)
    {

        bool holds = true;
        if (result >= 0 || _asksAtExit)
        {
            SyscallArguments arguments = hit.Arguments;
            Span<ulong> registers = arguments;
            thread.Process.Memory!.Begin(thread.AtExit);
            if (_asksAtExit)
            {
                Prepare(thread, registers, hit.Place.InstructionPointer, hit.Place.StackPointer, () => hit.Stack);
                _context.Result = result;
                holds = Holds(_request.When!);
            }

            if (holds)
                thread.Process.Decoder!.Exit(hit.Signature, registers, result, hit.Shown);
        }

        GoOn(thread, 0);
        if (holds)
            Tell(thread, hit, result, Clock.Microseconds);
    }

    private void Finish(TracedThread thread, PendingHit hit, long result)
    {
        if (_asksAtExit)
        {
            SyscallArguments arguments = hit.Arguments;
            Prepare(thread, arguments, hit.Place.InstructionPointer, hit.Place.StackPointer, () => hit.Stack);
            _context.Result = result;
            if (!Holds(_request.When!))
                return;
        }

        Tell(thread, hit, result, Clock.Microseconds);
    }

    private void Tell(TracedThread thread, PendingHit hit, long? result, long? ended)
    {
        if (_isStopped)
            return;
        Hits++;
        if (Hits == _request.Count)
            _isStopped = true;
        _sink.Add(new TraceEvent
        {
            Seconds = (hit.Began - _began) / 1e6,
            Pid = thread.Process.Pid,
            Tid = thread.Tid,
            Thread = hit.Thread,
            Kind = TraceEventKind.Syscall,
            Name = hit.Signature.Name,
            Arguments = hit.Shown,
            Result = result is { } value ? ResultText.OfSyscall(hit.Signature.Name, value) : null,
            Duration = ended is { } end ? (end - hit.Began) / 1e6 : null,
            Stack = hit.Stack,
        });
    }

    private void End(int tid, WaitStatus status)
    {
        if (_threads.End(tid, status) is { Hit: { } hit } thread)
            Tell(thread, hit, null, null);
    }

    /// <summary>Calls that are still under way were made all the same.</summary>
    private void TellUnfinished()
    {
        _isStopped = false;
        foreach (TracedThread thread in _threads.All)
        {
            if (_asksAtExit)
                continue;
            foreach (InterruptedCall call in thread.Interrupted)
            {
                if (call.Hit is { } interrupted)
                    Tell(thread, interrupted, null, null);
            }

            if (thread.Hit is { } hit)
                Tell(thread, hit, null, null);
        }

        _isStopped = true;
    }

    private sealed class NoMemory : IMemory
    {
        public static readonly NoMemory Instance = new();

        public int Read(Address address, Span<byte> buffer) => 0;
    }
}
