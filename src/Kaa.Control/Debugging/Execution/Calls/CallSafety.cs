using Kaa.Control.Running;
using Kaa.Linux.Controlling;
using Kaa.Linux.Registers;
using Kaa.Python;
using Kaa.Python.Running;
using Kaa.Python.Stack;
using Kaa.Target.Symbols;
using RunState = Kaa.Linux.Controlling.RunState;

namespace Kaa.Control.Debugging.Execution.Calls;

/// <summary>Whether a function may be called on top of what a thread is doing: not where that holds a lock which the function may need, nor where the call that it is in would be lost.</summary>
internal sealed class CallSafety(LiveInferior inferior, ControlledThread thread)
{
    /// <summary>Functions of the C API that need no GIL, or take it themselves (Doc/c-api/init.rst).</summary>
    private static readonly string[] s_free =
    [
        "PyGILState_Ensure", "PyGILState_Check", "PyGILState_GetThisThreadState", "Py_AddPendingCall", "Py_IsInitialized", "Py_GetVersion", "Py_GetBuildInfo", "Py_GetCompiler", "Py_GetPlatform",
        "PyMem_RawMalloc", "PyMem_RawCalloc", "PyMem_RawRealloc", "PyMem_RawFree", "PyErr_SetInterrupt",
    ];

    /// <summary>What can't be, whatever the user says: a clause about the thread; null for nothing.</summary>
    public string? WhyImpossible()
    {
        if (thread is not { State: RunState.Stopped, Tracee.HasRegisters: true })
            return "sleeps in a system call that Kaa can't interrupt without loss";
        X64Registers registers = thread.Tracee.Registers;
        if (!X64CallStub.IsSupported(registers))
            return "runs code that is not 64-bit";
        if (!SyscallRestart.WasInCall(registers))
            return StackRoom.IsEnough(inferior.Live, registers, X64Caller.StackUse) ? null : "has no stack left";
        bool isMadeAgain = thread.Tracee.Repaired || SyscallRestart.IsRestartCode(unchecked((long)registers.Rax));
        if (!isMadeAgain)
            return "is in a system call that was interrupted, and is about to return from it";
        if (registers.OriginalRax != RestartSyscall && !SyscallRestart.CanBeRepaired(unchecked((int)registers.OriginalRax)))
            return "is in a system call that can't be made again";
        return StackRoom.IsEnough(inferior.Live, registers, X64Caller.StackUse) ? null : "has no stack left";
    }

    /// <summary>What would most likely hang or kill the process: a clause about the thread; null for nothing.</summary>
    /// <param name="function">Its name; null where it has none.</param>
    public string? WhyUnsafe(string? function)
    {
        var verdict = new StackVerdict(inferior.Live, null, inferior.Symbols, inferior.Rules);
        if (verdict.WhyNot(thread.Registers.General()) is { } why)
            return why;
        return NeedsPython(function) && inferior.Python is { } python ? WhyWithoutPython(python) : null;
    }

    private const ulong RestartSyscall = 219; // restart_syscall

    private static bool NeedsPython(string? function) => function is not null && Array.IndexOf(s_free, function) < 0
        && (function.StartsWith("Py", StringComparison.Ordinal) || function.StartsWith("_Py", StringComparison.Ordinal));

    private string? WhyWithoutPython(PythonProcess python)
    {
        RawThread? found = null;
        foreach (RawThread one in python.ReadThreads(inferior.Look()).Threads)
        {
            if (one.Tid == thread.Tid)
                found = one;
        }

        if (found is null)
            return "it is not known to Python";
        var facts = new RunFacts(python, inferior.Live, inferior.Rules);
        return facts.IsDetached(found, inferior.Memory) ? "it does not hold the GIL, which functions of the C API need" : null;
    }
}
