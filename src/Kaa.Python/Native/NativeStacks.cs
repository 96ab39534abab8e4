using System.Globalization;
using Kaa.Formats;
using Kaa.Python.Objects;
using Kaa.Python.Stack;
using Kaa.Results;
using Kaa.Target;
using Kaa.Target.Symbols;
using Kaa.Target.Unwind;

namespace Kaa.Python.Native;

/// <summary>
/// C stacks of all threads beside the Python frames: copied during the look, unwound and merged when the target runs again.
/// </summary>
public sealed class NativeStacks : IThreadInspector
{
    private readonly ObservedTarget _target;
    private readonly Symbolizer _symbols;
    private readonly bool _all;
    private readonly StackCapture _capture;
    private readonly ModuleUnwindSource _rules;
    private readonly NativeFrames _frames;
    private readonly StackMerger _merger;
    private readonly Dictionary<(int Tid, long Interpreter), RawStack> _python = [];
    private readonly Dictionary<int, (CapturedStack Stack, UnwoundStack Unwound)> _unwound = [];
    private readonly List<Note> _notes = [];

    /// <param name="all">Every C frame; else without the interpreter's plumbing.</param>
    public NativeStacks(PythonProcess process, ObservedTarget target, Symbolizer symbols, bool all)
    {
        _target = target;
        _all = all;
        _symbols = symbols;
        _capture = new StackCapture(target);
        _rules = new ModuleUnwindSource(target);
        _frames = new NativeFrames(process, target, symbols, all);
        _merger = new StackMerger(new PythonPlaces(process, target, _rules), _frames);
    }

    /// <summary>In what the C frames are less than complete. Known once threads were merged.</summary>
    public IReadOnlyList<Note> Notes => _notes;

    /// <summary>An observer that reads Python's side first, and then copies the stacks of the same moment.</summary>
    public ILookObserver Beside(ILookObserver python) => new Observer(python, _capture);

    public void Inspect(Look look, RawThread thread, PyObjects objects)
    {
        if (thread.Tid is { } tid && thread.Stack is { } stack)
            _python[(tid, thread.InterpreterId)] = stack;
    }

    /// <summary>
    /// Unwinds what was copied since the last time. Gives the tids of threads whose stacks can be unwound (further) only when their registers are
    /// known: they sleep and were not stopped, or ran and did not stop in time. For these another look is needed that stops them.
    /// </summary>
    public IReadOnlySet<int> Unwind()
    {
        var needy = new HashSet<int>(_capture.Missed);
        IMemory others = _target.Glance();
        foreach ((int tid, CapturedStack stack) in _capture.Stacks)
        {
            if (_unwound.TryGetValue(tid, out (CapturedStack Stack, UnwoundStack Unwound) old) && ReferenceEquals(old.Stack, stack))
                continue;
            UnwoundStack unwound = UpToStart(NativeUnwinder.Unwind(stack, others, _rules));
            _unwound[tid] = (stack, unwound);
            if (unwound.NeedsRegisters && stack.Thread.Registers is null)
                needy.Add(tid);
        }

        return needy;
    }

    /// <summary>
    /// Where the C library has no unwind rules (musl), its function that called the program's or the thread's first one ends the stack: that it was
    /// found is all that can be known of it, and nothing of interest lies behind.
    /// </summary>
    private UnwoundStack UpToStart(UnwoundStack unwound)
    {
        if (unwound.EndReason is null || unwound.NeedsRegisters || unwound.Frames.Count < 2)
            return unwound;
        UnwoundFrame first = unwound.Frames[^2];
        bool isStart = _symbols.SymbolAt(first.Pc, !first.ExactPc) is { } name && InterpreterPlumbing.IsFirstOfItsOwn(name);
        bool isLibrary = _target.Modules.Find(unwound.Frames[^1].LookupPc) is { } module
            && _target.Images.For(module).FindSymbol("__libc_start_main") is not null;
        if (!isStart || !isLibrary)
            return unwound;
        var frames = new List<UnwoundFrame>(unwound.Frames);
        if (!_all)
            frames.RemoveAt(frames.Count - 1);
        return new UnwoundStack(frames, null);
    }

    /// <summary>The threads with their C frames, and the threads that run no Python code.</summary>
    public IReadOnlyList<ThreadStack> Merge(IReadOnlyList<ThreadStack> threads, LookResult result)
    {
        var merged = new List<ThreadStack>(result.Threads.Count);
        var seen = new HashSet<int>();
        Prepare(threads, result);
        foreach (ThreadStack thread in threads)
        {
            merged.Add(Merge(thread));
            if (thread.Tid is { } tid)
                seen.Add(tid);
        }

        foreach (TargetThread thread in result.Threads)
        {
            if (!seen.Contains(thread.Tid) && thread.State != ThreadState.Zombie)
                merged.Add(Merge(WithoutPython(thread)));
        }

        if (_frames.Unnamed > 0)
        {
            _notes.Add(new Note(
                "native-unnamed",
                $"{_frames.Unnamed} places in the interpreter have no name (it was stripped) and were left out; --native-all shows them", null));
        }

        return merged;
    }

    private void Prepare(IReadOnlyList<ThreadStack> threads, LookResult result)
    {
        var seen = new HashSet<int>();
        foreach (ThreadStack thread in threads)
        {
            if (thread.Tid is not { } tid || !seen.Add(tid) || !_unwound.TryGetValue(tid, out (CapturedStack Stack, UnwoundStack Unwound) native))
                continue;
            IReadOnlyList<RawFrame> raw = RawFrames(tid, thread.Interpreter);
            UnwoundStack own = _merger.UpToGreenlet(raw, native.Unwound, native.Stack, _target.Modules);
            _unwound[tid] = (native.Stack, own);
            _merger.Want(raw, own, native.Stack);
        }

        foreach (TargetThread thread in result.Threads)
        {
            if (seen.Add(thread.Tid) && _unwound.TryGetValue(thread.Tid, out (CapturedStack Stack, UnwoundStack Unwound) native))
                _merger.Want([], native.Unwound, native.Stack);
        }

        _frames.Prepare();
    }

    private IReadOnlyList<RawFrame> RawFrames(int tid, long interpreter) =>
        _python.TryGetValue((tid, interpreter), out RawStack? stack) ? stack.Frames : [];

    private static ThreadStack WithoutPython(TargetThread thread) => new()
    {
        Tid = thread.Tid,
        Name = thread.Name,
        State = thread.State,
        Stopped = thread.StoppedByKaa,
    };

    private ThreadStack Merge(ThreadStack thread)
    {
        string? subject = thread.Tid?.ToString(CultureInfo.InvariantCulture);
        if (thread.Tid is not { } tid || !_unwound.TryGetValue(tid, out (CapturedStack Stack, UnwoundStack Unwound) native))
            return Incomplete(thread, subject, thread.Tid is null ? "the thread is not known to the kernel" : "the thread ran, and was not stopped in time");
        StackMerger.Merged merged = _merger.Merge(thread.Frames, RawFrames(tid, thread.Interpreter), native.Unwound, native.Stack);
        ThreadStack whole = thread with { Frames = merged.Frames };
        if (native.Unwound.EndReason is { } reason)
            return Incomplete(whole, subject, reason);
        if (merged.Unplaced > 0)
        {
            _notes.Add(new Note(
                "native-unmatched", $"{merged.Unplaced} Python frames have no C frame that runs them: they stand where they must, by their order", subject));
        }

        return whole;
    }

    private ThreadStack Incomplete(ThreadStack thread, string? subject, string reason)
    {
        _notes.Add(new Note("native-truncated", "C frames end early: " + reason, subject, Incomplete: true));
        return thread with { Truncated = thread.Truncated ?? "C frames: " + reason };
    }

    private sealed class Observer(ILookObserver python, StackCapture capture) : ILookObserver
    {
        public void Read(Look look)
        {
            python.Read(look);
            capture.Read(look);
        }
    }
}
