using Kaa.Control.Tracing.Decoding;
using Kaa.Formats;
using Kaa.Linux.Calls;
using Kaa.Linux.Registers;
using Kaa.Results;

namespace Kaa.Control.Tracing;

/// <summary>
/// Makes hits of system calls, from their entries to their exits. A call that a signal has cut short is made again when the signal's handler has returned, and is one hit.
/// Threads stand still at the calls that are told of here.
/// </summary>
internal sealed class SyscallHits(TraceProgress trace)
{
    private const int MostInterrupted = 16;

    private readonly HitContext _context = new() { Memory = NoMemory.Instance };

    /// <summary>What is known of a call that is just being made; null where it was not asked for.</summary>
    public PendingHit? Begin(TracedThread thread, in SyscallStop stop)
    {
        TracedProcess process = thread.Process;
        if (trace.Request.Syscalls!.Find(stop.Number) is not { } signature || !process.Open(thread.Tid, stop.StackPointer))
            return null;
        process.Memory!.Begin(thread.AtEntry);
        thread.LearnPointer();
        SyscallArguments arguments = stop.Arguments;
        Span<ulong> registers = arguments;
        TraceStack? stack = null;
        if (trace.Request.When is not null && !trace.AsksForResult)
        {
            Prepare(thread, registers, thread.Place, () => stack ??= process.ReadStack(thread));
            if (!trace.Holds(_context))
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

    /// <summary>Reads what a call has left, while its thread stands still. False where the condition does not hold.</summary>
    public bool Complete(TracedThread thread, PendingHit hit, long result)
    {
        bool asks = trace.AsksForResult;
        if (result < 0 && !asks)
            return true;
        thread.Process.Memory!.Begin(thread.AtExit);
        if (asks && !HoldsFor(thread, hit, result))
            return false;
        SyscallArguments arguments = hit.Arguments;
        thread.Process.Decoder!.Exit(hit.Signature, arguments, result, hit.Shown);
        return true;
    }

    public void TellEnded(TracedThread thread, PendingHit hit, long result) => Tell(thread, hit, result, Clock.Microseconds);

    /// <summary>A call was cut short: it is made again, or has ended with EINTR.</summary>
    public void Interrupt(TracedThread thread, PendingHit? hit)
    {
        // Handlers within handlers; or calls that ended with EINTR, behind which the thread has stayed deeper on its stack ever since.
        if (thread.Interrupted.Count == MostInterrupted)
        {
            if (thread.Interrupted[0].Hit is { } oldest)
                Fail(thread, oldest);
            thread.Interrupted.RemoveAt(0);
        }

        thread.Interrupted.Add(new InterruptedCall(thread.Place, hit));
    }

    /// <summary>True for a call that is made again after it had been cut short. Who goes on elsewhere has got its EINTR.</summary>
    public bool Resumes(TracedThread thread)
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
                Fail(thread, hit);
        }

        return false;
    }

    /// <summary>A call that never ends, or whose end is not seen.</summary>
    public void TellUnfinished(TracedThread thread, PendingHit hit) => Tell(thread, hit, null, null);

    /// <summary>Calls that are still under way were made all the same.</summary>
    public void TellUnfinished(IEnumerable<TracedThread> threads)
    {
        if (trace.AsksForResult)
            return;
        foreach (TracedThread thread in threads)
        {
            foreach (InterruptedCall call in thread.Interrupted)
            {
                if (call.Hit is { } interrupted)
                    TellUnfinished(thread, interrupted);
            }

            if (thread.Hit is { } hit)
                TellUnfinished(thread, hit);
        }
    }

    /// <summary>The program has got EINTR.</summary>
    private void Fail(TracedThread thread, PendingHit hit)
    {
        if (!trace.AsksForResult || HoldsFor(thread, hit, -Errno.Interrupted))
            TellEnded(thread, hit, -Errno.Interrupted);
    }

    private bool HoldsFor(TracedThread thread, PendingHit hit, long result)
    {
        SyscallArguments arguments = hit.Arguments;
        Prepare(thread, arguments, hit.Place, () => hit.Stack);
        _context.Result = result;
        return trace.Holds(_context);
    }

    private void Prepare(TracedThread thread, ReadOnlySpan<ulong> registers, CallPlace place, Func<TraceStack> stack)
    {
        _context.Memory = thread.Process.Memory!;
        _context.Tid = thread.Tid;
        _context.ThreadName = TracedProcess.NameOf(thread);
        _context.Begin(registers, place.InstructionPointer, place.StackPointer, stack);
    }

    private void Tell(TracedThread thread, PendingHit hit, long? result, long? ended) => trace.Tell(new TraceEvent
    {
        Seconds = trace.SecondsAt(hit.Began),
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

    private sealed class NoMemory : IMemory
    {
        public static readonly NoMemory Instance = new();

        public int Read(Address address, Span<byte> buffer) => 0;
    }
}
