using Kaa.Formats;
using Kaa.Python.Builtins;
using Kaa.Python.Evaluation;
using Kaa.Python.Objects;
using Kaa.Python.Objects.Printing;
using Kaa.Python.Stack;
using Kaa.Results;
using Kaa.Target;
using Kaa.Target.Arch;

namespace Kaa.Python.Inspection;

/// <summary>
/// The Python side of a moment that lasts: a core, or a process that is held still while a person asks. Questions are answered one by one, where
/// <see cref="StackObserver"/> reads all in one go.
/// </summary>
public sealed class PythonMoment
{
    private readonly PythonProcess _process;
    private readonly Look _look;
    private readonly PyObjects _objects;
    private readonly RepeatedMoments? _before;
    private readonly Dictionary<int, RawThread?> _found = [];
    private ThreadNames? _names;
    private RawThreads? _threads;

    public PythonMoment(PythonProcess process, Look look)
        : this(process, look, null)
    {
    }

    internal PythonMoment(PythonProcess process, Look look, RepeatedMoments? before)
    {
        _before = before;
        _process = process;
        _look = look;
        _objects = process.Objects(look.Memory);
    }

    public PythonProcess Process => _process;

    public PyObjects Objects => _objects;

    /// <summary>All threads that Python knows, with their frames.</summary>
    public RawThreads Threads => _threads ??= _process.ReadThreads(_look, _objects, _before?.Chain);

    /// <summary>The state of a thread: of several sub-interpreters the one whose frames are on the stack; null where Python does not know it.</summary>
    public RawThread? Find(int tid)
    {
        // One alone is read for the first who is asked about; who asks about more asks about all, most likely, and each read goes through the whole list.
        if (!_found.TryGetValue(tid, out RawThread? found))
            _found.Add(tid, found = Find(tid, _threads is null && _found.Count == 0 ? One(tid) : Threads));
        return found;
    }

    private RawThreads One(int tid) => _process.ReadThreads(new Look(_look.Memory, _look.Threads, new HashSet<int> { tid }, _look.Pass), _objects, _before?.Chain);

    private static RawThread? Find(int tid, RawThreads threads)
    {
        RawThread? found = null;
        foreach (RawThread thread in threads.Threads)
        {
            if (thread.Tid == tid && (found is null || found.Stack!.Frames.Count == 0))
                found = thread;
        }

        return found;
    }

    /// <summary>What <c>threading</c> calls it; null where it does not know it.</summary>
    public string? NameOf(RawThread thread) => (_names ??= _process.LocateThreadNames()).Read(_objects, thread.Interpreter).GetValueOrDefault(thread.Ident);

    /// <summary>Function, file and line; no locals.</summary>
    public static PythonFrame Describe(RawFrame frame)
    {
        PyCode code = frame.Code;
        int? line = frame.TracedLine is { } traced ? traced < 0 ? null : traced : code.Locate(frame.Instruction).Line;
        return new PythonFrame(code.Name) { QualifiedName = code.QualifiedName, File = code.File, Line = line, Unreadable = code.Unreadable };
    }

    /// <summary>
    /// The C functions that Python frames are in, by the index of the frame in whose front each stands: where the frame is innermost, or the next one inside of it
    /// is run by another C call.
    /// </summary>
    /// <param name="call">The system call that the thread sleeps in; null where it does not, or that is not known.</param>
    public Dictionary<int, BuiltinFrame> Builtins(RawThread thread, BlockedCall? call)
    {
        var found = new Dictionary<int, BuiltinFrame>();
        if (thread.Stack is not { } stack || BuiltinFinder.For(_objects, _process.Layout, _process.StackRefTags, _before?.Calls) is not { } finder)
            return found;
        finder.BeginStack();

        // The interpreter itself sleeps for the GIL alone, and for that in a futex.
        bool isBlocked = call is { Number: >= 0 } known && BlockedCallMeaning.Of(known).Kind != BlockedCallKind.Futex;
        for (int i = 0; i < stack.Frames.Count; i++)
        {
            RawFrame frame = stack.Frames[i];
            bool callsC = i == 0 || (!thread.Tracing && (frame.EvalFrame.IsNull || frame.EvalFrame != stack.Frames[i - 1].EvalFrame));
            if (callsC && finder.Find(frame, isBlocked && i == 0) is { } builtin)
                found.Add(i, builtin);
        }

        return found;
    }

    /// <summary>The frame's variables; see <see cref="FrameLocals"/>.</summary>
    /// <exception cref="TargetFault">They can't be read.</exception>
    public IReadOnlyList<LocalVariable> Locals(RawFrame frame, ValueOptions options) => new FrameLocals(options).Read(At(frame));

    /// <summary>An expression, in the scope of a frame.</summary>
    /// <param name="frame">Null where there is none: names can't be asked for then.</param>
    /// <param name="registers">By name; null for those that are not known.</param>
    /// <exception cref="UserError">Those of <see cref="ExpressionParser.Parse"/> and <see cref="PyEvaluator.Evaluate"/>.</exception>
    /// <exception cref="TargetFault">Memory that is needed can't be read.</exception>
    public PrintedValue Evaluate(string expression, RawFrame? frame, Func<string, ulong?> registers, ValueOptions options, out string? origin)
    {
        PyExpression parsed = ExpressionParser.Parse(expression);
        IPyScope scope = frame is { } known ? new FrameScope(At(known), registers) : new NoScope(registers);
        origin = parsed is NameExpression name ? scope.Find(name.Name)?.Origin switch
        {
            NameOrigin.Local => "local",
            NameOrigin.Global => "global",
            NameOrigin.Builtin => "builtin",
            _ => null,
        } : null;
        var evaluator = new PyEvaluator(_objects, scope);
        return evaluator.Print(evaluator.Evaluate(parsed), options);
    }

    /// <summary>An object as <c>repr()</c> prints it.</summary>
    public PrintedValue Print(Address value, ValueOptions options) => new ValuePrinter(_objects, options).Print(value, null);

    private FrameAtLook At(RawFrame frame) => new(frame, _process.Layout, _objects, _process.StackRefTags);

    private sealed class NoScope(Func<string, ulong?> registers) : IPyScope
    {
        public (Address Object, NameOrigin Origin)? Find(string name) => null;

        public ulong? Register(string name) => registers(name);
    }
}
