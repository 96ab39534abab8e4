using System.Runtime.InteropServices;
using Kaa.Control.Debugging.Stack;
using Kaa.Linux.Controlling;
using Kaa.Linux.Registers;
using Kaa.Results;
using Kaa.Target.Arch;
using X64Registers = Kaa.Linux.Registers.X64Registers;

namespace Kaa.Control.Debugging.Values;

/// <summary><c>set $rax = 1</c>: a register of the thread itself, which it goes on with.</summary>
internal static class RegisterChange
{
    /// <exception cref="UserError">read-only: it is a caller's, one of the kernel's, or the thread is in a system call.</exception>
    public static void Make(DebugSession session, string register, ulong value)
    {
        LiveInferior inferior = session.RequireLive();
        if (inferior.IsShownWaiting)
            throw new Execution.StandstillNeeded();
        int level = session.Stack.Level;
        if (level != 0)
            throw new UserError("read-only", "Only the registers of the innermost frame can be changed: those of its callers are what they have saved.", "frame 0");
        InferiorThread thread = session.RequireThread();
        string? refusal = null;
        inferior.Tracing.Run(() => refusal = Change(inferior.Control, inferior.Control.Find(thread.Tid), register, value));
        if (refusal is not null)
            throw new UserError("read-only", $"${register} can't be changed, because {refusal}.", "stop the thread at a breakpoint, or let it come out of its call by finish");
        inferior.EndRun();
        session.Stack.Select(0);
    }

    private static string? Change(ControlledProcess process, ControlledThread? thread, string register, ulong value)
    {
        if (thread is not { State: RunState.Stopped, Tracee.HasRegisters: true })
            return "the thread sleeps in a system call, and was left asleep in it";
        X64Registers registers = thread.Registers;
        if (SyscallRestart.WasInCall(registers) || thread.Tracee.Repaired)
            return "the thread is in a system call: the kernel has its registers until it returns";
        if (!X64RegisterFile.TrySet(MemoryMarshal.Cast<X64Registers, ulong>(MemoryMarshal.CreateSpan(ref registers, 1)), register, value))
            return "it is none of the general registers";
        return process.Places.SetRegisters(thread, registers) ? null : "the kernel does not take that value";
    }
}
