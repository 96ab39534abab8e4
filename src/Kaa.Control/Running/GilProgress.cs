using System.Globalization;
using Kaa.Linux.Registers;
using Kaa.Python.Stack;
using Kaa.Results;
using Kaa.Target;

namespace Kaa.Control.Running;

/// <summary>
/// Whether the thread that has the GIL is about to let go of it. Who would ask for the GIL of one that never does would wait for ever, in the place of the call that the program is in.
/// </summary>
internal sealed class GilProgress(RunTarget target)
{
    private (ulong Thread, ulong Frame, int Instruction)? _last;
    private string? _function;

    /// <summary>Null where the GIL is free, or its holder runs Python code.</summary>
    public string? WhyHeld(RawThread asking, IReadOnlyList<RawThread> threads, IReadOnlyList<TargetThread> kernel)
    {
        RawThread? holder = threads.FirstOrDefault(thread => thread.HoldsGil == true && thread.Interpreter == asking.Interpreter);
        if (holder is null || holder.Tid == asking.Tid)
            return null;
        if (holder.Tid is not { } tid || IsInPython(tid))
            return null;
        string state = kernel.FirstOrDefault(thread => thread.Tid == tid)?.State == ThreadState.Sleeping ? "sleeps" : "is in C code";
        string where = _function is { } name ? " called by " + name : "";
        return string.Create(CultureInfo.InvariantCulture, $"thread {tid} holds the GIL, {state}{where}, and does not let go of it");
    }

    private bool HasMoved(RawThread holder)
    {
        RawFrame? frame = holder.Stack is { Frames: [var first, ..] } ? first : null;
        var now = (holder.Address.Value, frame?.Address.Value ?? 0, frame?.Instruction ?? 0);
        bool hasMoved = _last is { } before && before != now;
        _last = now;
        _function = frame?.Code.Name;
        return hasMoved;
    }

    /// <summary>It is in the eval function now, or its place in Python's code is another one than before.</summary>
    private bool IsInPython(int tid)
    {
        bool isInPython = false;
        target.WithOne(tid, (held, tracee) =>
        {
            if (target.Interpreted(held, tid) is not { } holder)
                return;
            bool hasMoved = HasMoved(holder);
            isInPython = hasMoved || (tracee.HasRegisters && !SyscallRestart.WasInCall(tracee.Registers) && target.Facts.IsInEval(new Formats.Address(tracee.Registers.Rip)));
        });
        return isInPython;
    }
}
