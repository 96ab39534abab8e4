using Kaa.Formats;
using Kaa.Results;
using Kaa.Target;
using Kaa.Target.Symbols;
using Kaa.Target.Unwind;

namespace Kaa.Python.Native;

/// <summary>Turns C frames into frames as they are shown, one result for all that stand at the same place.</summary>
/// <param name="all">Every C frame; else without what only carries calls.</param>
public sealed class NativeFrames(PythonProcess process, ObservedTarget target, Symbolizer symbols, bool all)
{
    /// <summary>As gdb calls it.</summary>
    private const string SignalHandler = "<signal handler called>";

    private readonly Dictionary<(Address Pc, bool Exact), NativeFrame[]> _frames = [];
    private readonly HashSet<Address> _unnamed = [];
    private readonly List<((Address Module, ulong Place) Order, UnwoundFrame Frame)> _wanted = [];
    private readonly Dictionary<Address, bool> _carriers = [];

    /// <summary>Places in the interpreter that have no name and so were left out.</summary>
    public int Unnamed => _unnamed.Count;

    /// <summary>What is shown of a C frame, inlined calls first; nothing where it only carries calls.</summary>
    /// <param name="runsPython">It is the eval function, as a Python frame proves.</param>
    /// <param name="hasPython">The thread runs Python code: where it began is of no interest.</param>
    /// <param name="isFirst">It is among the first calls of the thread.</param>
    public void Add(List<StackFrame> frames, UnwoundFrame frame, bool runsPython, bool hasPython, bool isFirst)
    {
        if (!all && (runsPython || (hasPython && IsCarrier(frame, isFirst))))
            return;
        foreach (NativeFrame shown in Find(frame))
        {
            if (all || !IsPlumbing(shown, frame, hasPython))
                frames.Add(shown);
        }
    }

    /// <summary>Says that <see cref="Add"/> will be called for this frame.</summary>
    public void Want(UnwoundFrame frame, bool runsPython, bool hasPython, bool isFirst)
    {
        if (!all && (runsPython || (hasPython && IsCarrier(frame, isFirst))))
            return;
        if (!frame.Signal && !_frames.ContainsKey((frame.Pc, frame.ExactPc)))
            _wanted.Add((symbols.OrderOf(frame.Pc, !frame.ExactPc), frame));
    }

    /// <summary>
    /// Looks up what is wanted in the order of the debug information, which is so read (and inflated, where it is compressed) once from its start to
    /// its end.
    /// </summary>
    public void Prepare()
    {
        _wanted.Sort((left, right) => left.Order.CompareTo(right.Order));
        foreach ((_, UnwoundFrame frame) in _wanted)
            Find(frame);
        _wanted.Clear();
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

            // A label of assembly that has no size reaches over functions that have no name: the call knows better where this one begins.
            bool isOther = !frame.Entry.IsNull && one.OffsetInFunction is { } offset && frame.Pc - (long)offset < frame.Entry;
            shown[i] = new NativeFrame(isOther ? null : one.Function, one.Module, frame.Pc.Value) { File = one.File, Line = one.Line, Inlined = one.Inlined };
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
        return IsPlumbing(function, module is not null && (module == process.Module || IsPython(module)));
    }

    /// <summary>It only carries calls, or is the C library's function that called the thread's or the program's first one.</summary>
    /// <param name="isInterpreter">It is one of CPython's, or of the program that is little more than a call of it.</param>
    public static bool IsPlumbing(string function, bool isInterpreter) => isInterpreter ? InterpreterPlumbing.Carries(function) : IsStart(function);

    private static bool IsStart(string function) =>
        InterpreterPlumbing.BeginsThread(function) || function is "__libc_start_main" or "__libc_start_call_main" or "__libc_start_main_impl";

    /// <summary>
    /// The symbols say that it only carries calls, or that it is the C library's function in which the thread or the program began: its debug
    /// information, which takes time to read, is not needed then. What a carrier is in itself (the innermost frame) may be of interest.
    /// </summary>
    private bool IsCarrier(UnwoundFrame frame, bool isFirst)
    {
        if (_carriers.TryGetValue(frame.LookupPc, out bool carries))
            return carries;
        if (frame.Signal || target.Modules.Find(frame.LookupPc) is not { } module)
            return false;
        bool isInterpreter = module == process.Module || IsPython(module);
        if ((!isInterpreter && !isFirst) || frame.ExactPc)
            return false;
        carries = symbols.SymbolAt(frame.Pc, true) is { } name && (isInterpreter ? InterpreterPlumbing.Carries(name) : IsStart(name));
        _carriers.Add(frame.LookupPc, carries);
        return carries;
    }

    private bool LeaveOut(Address pc)
    {
        _unnamed.Add(pc);
        return true;
    }

    /// <summary>The program that is little more than a call of libpython's main.</summary>
    public static bool IsPython(Module module) => module.FileName.StartsWith("python", StringComparison.Ordinal);
}
