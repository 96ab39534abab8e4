using Kaa.Formats;
using Kaa.Results;
using Kaa.Target;
using Kaa.Target.Symbols;
using Kaa.Target.Unwind;

namespace Kaa.Python.Native;

/// <summary>Turns C frames into frames as they are shown, one result for all that stand at the same place.</summary>
/// <param name="all">Every C frame; else without what only carries calls.</param>
internal sealed class NativeFrames(PythonProcess process, ObservedTarget target, Symbolizer symbols, bool all)
{
    /// <summary>As gdb calls it.</summary>
    private const string SignalHandler = "<signal handler called>";

    private readonly Dictionary<(Address Pc, bool Exact), NativeFrame[]> _frames = [];
    private readonly HashSet<Address> _unnamed = [];

    /// <summary>Places in the interpreter that have no name and so were left out.</summary>
    public int Unnamed => _unnamed.Count;

    /// <summary>What is shown of a C frame, inlined calls first; nothing where it only carries calls.</summary>
    /// <param name="runsPython">It is the eval function, as a Python frame proves.</param>
    /// <param name="hasPython">The thread runs Python code: where it began is of no interest.</param>
    public void Add(List<StackFrame> frames, UnwoundFrame frame, bool runsPython, bool hasPython)
    {
        if (runsPython && !all)
            return;
        foreach (NativeFrame shown in Find(frame))
        {
            if (all || !IsPlumbing(shown, frame, hasPython))
                frames.Add(shown);
        }
    }

    private NativeFrame[] Find(UnwoundFrame frame)
    {
        if (_frames.TryGetValue((frame.Pc, frame.ExactPc), out NativeFrame[]? known))
            return known;
        NativeFrame[] shown = frame.Signal ? [new NativeFrame(SignalHandler, null, frame.Pc.Value)] : Resolve(frame);
        _frames.Add((frame.Pc, frame.ExactPc), shown);
        return shown;
    }

    private NativeFrame[] Resolve(UnwoundFrame frame)
    {
        IReadOnlyList<SymbolizedFrame> found = symbols.Resolve(frame.Pc, !frame.ExactPc);
        var shown = new NativeFrame[found.Count];
        for (int i = 0; i < shown.Length; i++)
        {
            SymbolizedFrame one = found[i];
            shown[i] = new NativeFrame(one.Function, one.Module, frame.Pc.Value) { File = one.File, Line = one.Line, Inlined = one.Inlined };
        }

        return shown;
    }

    private bool IsPlumbing(NativeFrame shown, UnwoundFrame frame, bool hasPython)
    {
        if (!hasPython)
            return false;
        Module? module = target.Modules.Find(frame.LookupPc);
        if (shown.Function is not { } function)
            return module is not null && module == process.Module && LeaveOut(frame.Pc);
        if (module is not null && (module == process.Module || IsPython(module)))
            return InterpreterPlumbing.Carries(function);
        return InterpreterPlumbing.BeginsThread(function) || function is "__libc_start_main" or "__libc_start_call_main" or "__libc_start_main_impl";
    }

    private bool LeaveOut(Address pc)
    {
        _unnamed.Add(pc);
        return true;
    }

    /// <summary>The program that is little more than a call of libpython's main.</summary>
    private static bool IsPython(Module module) => module.FileName.StartsWith("python", StringComparison.Ordinal);
}
