using Kaa.Formats;
using Kaa.Python.Objects;
using Kaa.Python.Semantics;
using Kaa.Results;
using Kaa.Target;
using Kaa.Target.Arch;

namespace Kaa.Python.Stack;

/// <summary>
/// Reads the stacks of all threads, pass by pass: in each, the threads that are wanted replace what was read of them before.
/// </summary>
public sealed class StackObserver : ILookObserver
{
    private const int Attempts = 6;

    private readonly PythonProcess _process;
    private readonly StackOptions _options;
    private readonly ThreadNames _names;
    private readonly Dictionary<int, List<ReadThread>> _byTid = [];
    private readonly List<ReadThread> _withoutTid = [];
    private readonly HashSet<int> _missed = [];
    private string? _torn;

    /// <summary>Looks up what does not move, so that the look itself is short.</summary>
    public StackObserver(PythonProcess process, StackOptions options)
    {
        _process = process;
        _options = options;
        _names = process.LocateThreadNames();
    }

    public void Read(Look look)
    {
        try
        {
            ReadUntilStable(look);
        }
        catch (TargetFault fault) when (fault.Reason != FaultReason.Gone)
        {
            _torn = fault.Message;
        }
    }

    /// <summary>All threads that were read: the main one first, then in the order in which they began.</summary>
    public IReadOnlyList<ThreadStack> Threads(LookResult result)
    {
        var kernel = new Dictionary<int, TargetThread>(result.Threads.Count);
        foreach (TargetThread thread in result.Threads)
            kernel[thread.Tid] = thread;
        var all = new List<ReadThread>(_withoutTid);
        foreach ((int tid, List<ReadThread> threads) in _byTid)
        {
            // One that is gone had not been settled: what was read of it may be torn.
            if (kernel.ContainsKey(tid))
                all.AddRange(threads);
        }

        all.Sort(Compare);
        var stacks = new List<ThreadStack>(all.Count);
        foreach (ReadThread one in all)
            stacks.Add(Stack(one, one.Thread.Tid is { } tid ? kernel[tid] : null));
        return stacks;
    }

    /// <summary>In what the answer is less than complete.</summary>
    public IReadOnlyList<Note> Notes(LookResult result)
    {
        var notes = new List<Note>();
        if (_torn is not null)
            notes.Add(new Note("threads-torn", "the list of threads changed while it was read: " + _torn, null, Incomplete: true));
        foreach (ThreadStack stack in Threads(result))
        {
            string? subject = stack.Tid?.ToString();
            if (stack.Truncated is not null)
                notes.Add(new Note("stack-truncated", "a stack ends early: " + stack.Truncated, subject, Incomplete: true));
            if (stack.Tid is { } tid && result.Moving.Contains(tid))
                notes.Add(new Note("thread-moved", "a thread ran on while it was read: its stack may mix two moments", subject));
        }

        foreach (int tid in _missed)
        {
            if (!_byTid.ContainsKey(tid) && result.Moving.Contains(tid))
                notes.Add(new Note("thread-missed", "the list of threads changed all the time: this one was not read", tid.ToString(), Incomplete: true));
        }

        return notes;
    }

    /// <summary>
    /// Who runs while the lists are read may change them, in ways that leave no trace in what was read; then they are read again. Where all
    /// stand still there is nothing to check.
    /// </summary>
    private void ReadUntilStable(Look look)
    {
        ReadAll(look);
        if (!AnyRuns(look))
            return;
        ulong before = _process.ListsVersion(look.Memory, _names);
        for (int attempt = 1; ; attempt++)
        {
            IMemory now = _process.Glance();
            ulong after = _process.ListsVersion(now, _names);
            if (after == before)
                return;
            if (attempt == Attempts)
                break;
            before = after;
            ReadAll(new Look(now, look.Threads, look.Wanted, look.Pass));
        }

        _torn ??= "it changes all the time";
    }

    private static bool AnyRuns(Look look)
    {
        foreach (TargetThread thread in look.Threads)
        {
            if (thread.State == ThreadState.Running && !thread.StoppedByKaa)
                return true;
        }

        return false;
    }

    private void ReadAll(Look look)
    {
        PyObjects objects = _process.Objects(look.Memory);
        RawThreads threads = _process.ReadThreads(look, objects);
        _torn = threads.Torn;
        var builder = new FrameBuilder(_process, _options, objects);
        HashSet<int> outside = Blocked(look);
        var names = new Dictionary<Address, Dictionary<ulong, string>>();
        var fresh = new HashSet<int>();
        if (look.Wanted is null)
            _withoutTid.Clear();
        foreach (RawThread thread in threads.Threads)
        {
            if (thread.Stack is null)
            {
                if (thread.Tid is { } tid && !_byTid.ContainsKey(tid))
                    Miss(look, tid);
                continue;
            }

            foreach (IThreadInspector inspector in _options.Inspectors)
                inspector.Inspect(look, thread, objects);
            bool blocked = thread.Tid is { } known && outside.Contains(known);
            Keep(new ReadThread(thread, builder.Build(thread, blocked, out string? truncated), truncated, NameOf(thread, objects, names)), fresh);
        }

        _options.Tasks?.Inspect(look, threads, objects, builder);
    }

    private void Miss(Look look, int tid)
    {
        look.Again(tid);
        _missed.Add(tid);
    }

    /// <summary>
    /// Threads that sleep in a system call other than futex: the interpreter itself sleeps for the GIL alone, and for that in a futex.
    /// </summary>
    private static HashSet<int> Blocked(Look look)
    {
        var blocked = new HashSet<int>();
        foreach (TargetThread thread in look.Threads)
        {
            if (thread.Call is { Number: >= 0 } call && BlockedCallMeaning.Of(call).Kind != BlockedCallKind.Futex)
                blocked.Add(thread.Tid);
        }

        return blocked;
    }

    private void Keep(ReadThread thread, HashSet<int> fresh)
    {
        if (thread.Thread.Tid is not { } tid)
        {
            _withoutTid.Add(thread);
            return;
        }

        // A thread that runs sub-interpreters has a state in each.
        if (fresh.Add(tid) || !_byTid.TryGetValue(tid, out List<ReadThread>? threads))
            _byTid[tid] = threads = [];
        threads.Add(thread);
    }

    private string? NameOf(RawThread thread, PyObjects objects, Dictionary<Address, Dictionary<ulong, string>> names)
    {
        if (!names.TryGetValue(thread.Interpreter, out Dictionary<ulong, string>? byIdent))
            names.Add(thread.Interpreter, byIdent = _names.Read(objects, thread.Interpreter));
        return byIdent.GetValueOrDefault(thread.Ident);
    }

    private static ThreadStack Stack(ReadThread one, TargetThread? kernel) => new()
    {
        Tid = one.Thread.Tid,
        Ident = one.Thread.Ident == 0 ? null : one.Thread.Ident,
        Name = one.Name ?? kernel?.Name,
        Main = one.Thread.Main,
        Interpreter = one.Thread.InterpreterId,
        State = kernel?.State ?? ThreadState.Unknown,
        Stopped = kernel?.StoppedByKaa ?? false,
        HoldsGil = one.Thread.HoldsGil,
        Gc = one.Thread.Gc,
        Frames = one.Frames,
        Truncated = one.Truncated,
    };

    private static int Compare(ReadThread left, ReadThread right)
    {
        int byMain = right.Thread.Main.CompareTo(left.Thread.Main);
        if (byMain != 0)
            return byMain;
        int byInterpreter = left.Thread.InterpreterId.CompareTo(right.Thread.InterpreterId);
        return byInterpreter != 0 ? byInterpreter : left.Thread.Order.CompareTo(right.Thread.Order);
    }

    private sealed record ReadThread(RawThread Thread, IReadOnlyList<StackFrame> Frames, string? Truncated, string? Name);
}
