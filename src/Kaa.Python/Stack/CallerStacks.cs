using Kaa.Formats;
using Kaa.Python.Layout;
using Kaa.Python.Objects;
using Kaa.Python.Semantics;
using Kaa.Results;
using Kaa.Target;

namespace Kaa.Python.Stack;

/// <summary>
/// The Python stack of one thread that stands still while the others run, again and again and fast: what was read of code objects is kept, and compared with
/// what is there each time that it is used. Serves one process; not safe for two threads at once.
/// </summary>
public sealed class CallerStacks
{
    private readonly PythonProcess _process;
    private readonly IMemory _memory;
    private readonly PyLayout _layout;
    private readonly PyObjects _objects;
    private readonly FrameChain _chain;
    private readonly CallerStates _states;
    private readonly Dictionary<PyCode, Dictionary<int, PythonFrame>> _frames = new(ReferenceEqualityComparer.Instance);
    private ThreadNames? _names;

    /// <param name="memory">The process' memory as it is now: nothing of it may be remembered from one <see cref="Read"/> to the next.</param>
    public CallerStacks(PythonProcess process, IMemory memory)
    {
        _process = process;
        _memory = memory;
        _layout = process.Layout;
        _objects = process.Objects(memory);
        _chain = process.FramesOf(_objects);
        _states = new CallerStates(memory, process);
    }

    /// <summary>The same instance again where the thread is where it was. Never throws but for a process that is gone.</summary>
    public TraceStack Read(CallerThread thread)
    {
        _chain.Codes.Round++;
        RawStack raw;
        try
        {
            if (!_states.Find(thread))
                return TraceStack.Empty;
            raw = Walk(thread);
        }
        catch (TargetFault fault) when (fault.Reason != FaultReason.Gone)
        {
            return new TraceStack([], fault.Message);
        }

        if (raw.Truncated is null && thread.LastStack is { } last && IsSame(raw.Frames, thread.LastFrames))
            return last;
        var stack = new TraceStack(Build(raw), raw.Truncated);
        thread.LastFrames.Clear();
        thread.LastFrames.AddRange(raw.Frames);
        thread.LastStack = raw.Truncated is null ? stack : null;
        return stack;
    }

    /// <summary>Learns what Python calls the thread, as of now.</summary>
    public void ReadName(CallerThread thread)
    {
        if (thread.States.Count == 0)
            return;
        try
        {
            _names ??= _process.NewThreadNames();
            Address interpreter = thread.States[0].Interpreter;
            _names.Locate(_memory, interpreter);
            thread.Name = _names.Read(_objects, interpreter).GetValueOrDefault(thread.Pointer) ?? thread.Name;
        }
        catch (TargetFault fault) when (fault.Reason != FaultReason.Gone)
        {
            // The dict was being changed: next time.
        }
    }

    /// <summary>Of a thread that runs several interpreters the one that it is in: its innermost C call lies lowest on the stack.</summary>
    private RawStack Walk(CallerThread thread)
    {
        RawStack? best = null;
        foreach (CallerState state in thread.States)
        {
            byte[] bytes = new byte[_layout.Thread.Extent];
            _memory.ReadExactly(state.Address, bytes);
            RawStack stack = _chain.Walk(bytes);
            if (best is null || (stack.Frames.Count > 0 && (best.Frames.Count == 0 || stack.Frames[0].EvalFrame < best.Frames[0].EvalFrame)))
                best = stack;
        }

        return best ?? RawStack.Empty;
    }

    private static bool IsSame(IReadOnlyList<RawFrame> now, List<RawFrame> before)
    {
        if (now.Count != before.Count)
            return false;
        for (int i = 0; i < before.Count; i++)
        {
            if (now[i].Code != before[i].Code || now[i].Instruction != before[i].Instruction || now[i].TracedLine != before[i].TracedLine)
                return false;
        }

        return true;
    }

    private StackFrame[] Build(RawStack raw)
    {
        var frames = new StackFrame[raw.Frames.Count];
        for (int i = 0; i < frames.Length; i++)
            frames[i] = Build(raw.Frames[i]);
        return frames;
    }

    private PythonFrame Build(RawFrame frame)
    {
        if (frame.TracedLine is { } traced)
            return Build(frame.Code, new CodeLocation(traced < 0 ? null : traced));
        if (_frames.Count >= Limits.KeptCodes)
            _frames.Clear();
        if (!_frames.TryGetValue(frame.Code, out Dictionary<int, PythonFrame>? places))
            _frames.Add(frame.Code, places = []);
        if (!places.TryGetValue(frame.Instruction, out PythonFrame? known))
            places.Add(frame.Instruction, known = Build(frame.Code, frame.Code.Locate(frame.Instruction)));
        return known;
    }

    private static PythonFrame Build(PyCode code, CodeLocation at) => new(code.Name)
    {
        QualifiedName = code.QualifiedName,
        File = code.File,
        Line = at.Line,
        EndLine = at.EndLine,
        Column = at.Column,
        EndColumn = at.EndColumn,
        Unreadable = code.Unreadable,
    };
}
