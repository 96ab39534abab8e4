using Kaa.Formats;
using Kaa.Linux.Looking;
using Kaa.Linux.Registers;
using Kaa.Python.Running;
using Kaa.Python.Stack;
using Kaa.Results;
using Kaa.Target;
using Kaa.Target.Arch;
using X64Registers = Kaa.Linux.Registers.X64Registers;

namespace Kaa.Control.Running;

/// <summary>Judges a stopped thread: may it be used here and now?</summary>
internal sealed class SafePoint(RunTarget target, HeldProcess held, Tracee tracee)
{
    private const int Futex = 202;

    /// <summary>As of the stop; null before <see cref="WhyNot"/>.</summary>
    public RawThread? Thread { get; private set; }

    /// <summary>It is to be interrupted in the code that this Kaa has begun.</summary>
    public bool IsForRunner { get; init; }

    /// <summary>A clause of which the thread is the subject; null where it may be.</summary>
    public string? WhyNot(ExecWay way)
    {
        if (!tracee.HasRegisters || tracee.Status.Kind != StopKind.Event)
            return "a signal is on its way to it";
        if (!X64CallStub.IsSupported(tracee.Registers))
            return "it runs code that is not 64-bit";
        if (target.Tasks.Status(tracee.Tid) is not { } status || PendingSignals.AreFatal(status) || (!target.AllowsSignalled && PendingSignals.Interrupt(status, target.Tasks.Status)))
        {
            target.SignalsMet++;
            return "a signal is on its way to it";
        }

        Thread = target.Interpreted(held, tracee.Tid);
        if (Thread is null)
            return "it is no thread of one interpreter";
        if (Thread.InterpreterId != 0)
            return "it belongs to a subinterpreter";
        if (!IsForRunner && RunFacts.IsInRun(Thread))
            return "it still runs what an earlier Kaa has begun";
        if (way == ExecWay.RemoteExec && Thread.Tracing)
            return "a function that traces or profiles runs in it";
        return way switch
        {
            ExecWay.RemoteExec => SyscallRestart.WasInCall(tracee.Registers) && !IsForGil() ? "it waits in a system call" : null,
            ExecWay.PendingCall => WhyNotQueue(),
            _ => WhyNotParked(),
        };
    }

    /// <summary>For what only puts something into a queue: it needs nothing but the queue's own lock, so it matters only whether the thread may hold that.</summary>
    public string? WhyNotQueue()
    {
        X64Registers registers = tracee.Registers;
        if (SyscallRestart.WasInCall(registers))
            return IsForGil() ? "it waits for the GIL" : "it waits in a system call";
        if (!StackRoom.IsEnough(target.Live, registers, X64Runner.StackUse))
            return "it has no stack left";
        return target.Facts.IsInEval(new Address(registers.Rip)) ? null : target.Queue.WhyNot(registers.General());
    }

    /// <summary>In the eval function's own code no lock of the interpreter is held, and nothing but this thread's own frame is in the midst of a change.</summary>
    public string? WhyNotAtInstruction()
    {
        X64Registers registers = tracee.Registers;
        if (SyscallRestart.WasInCall(registers))
            return IsForGil() ? "it waits for the GIL" : "it waits in a system call";
        if (!target.Facts.IsInEval(new Address(registers.Rip)))
            return "it is in C code" + (Thread?.HoldsGil == true ? ", and holds the GIL" : "");
        return StackRoom.IsEnough(target.Live, registers, X64Runner.StackUse) ? null : "it has no stack left";
    }

    public string? WhyNotParked()
    {
        X64Registers registers = tracee.Registers;
        if (!SyscallRestart.WasInCall(registers) || SyscallRestart.Call(registers) is not { } call)
            return "it is in C code that does not wait";
        if (!tracee.Repaired && !SyscallRestart.IsRestartCode(unchecked((long)registers.Rax)))
            return "its call was interrupted";
        if (call.Number != 219 && !SyscallRestart.CanBeRepaired(call.Number))
            return "it is in " + BlockedCallMeaning.Of(call).Name + ", which is no ordinary wait";
        IMemory memory = target.Live.Glance();
        if (!target.Facts.IsDetached(Thread!, memory))
            return "it holds the GIL while it waits in " + BlockedCallMeaning.Of(call).Name;
        if (IsForGil())
            return "it waits for the GIL";
        if (!StackRoom.IsEnough(target.Live, registers, X64Runner.StackUse))
            return "it has no stack left";
        return target.Verdict.WhyNot(registers.General(), IsForRunner);
    }

    private bool IsForGil()
    {
        X64Registers registers = tracee.Registers;
        return SyscallRestart.Call(registers) is { } call && (call.Number == Futex || call.Number == 219)
            && target.Facts.IsGil(Thread!, new Address(call.Arg0), target.Live.Glance());
    }
}
