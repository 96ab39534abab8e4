using Kaa.Formats;
using Kaa.Python.Objects;
using Kaa.Python.Stack;
using Kaa.Python.Waits;

namespace Kaa.Python.Tasks;

/// <param name="Runner">trio's <c>Runner</c>, which has the tasks of one call of <c>trio.run</c>.</param>
/// <param name="Tid">Of the thread that runs it; null where none does now (guest mode, between two turns).</param>
internal sealed record TrioRunner(Address Runner, int? Tid, long Interpreter);

/// <summary>
/// Finds trio's runners: each is a variable of the frames that run it (<c>run</c> and <c>unrolled_run</c>, up to 0.16 <c>run_impl</c>, of trio/_core/_run.py).
/// trio itself keeps it for its thread alone, in C's <c>_thread._local</c>. One that runs as a guest of another loop has no frame between two of its turns: the
/// collector's lists have it. Serves all passes of a look: in the later ones most threads are not read again.
/// </summary>
internal sealed class TrioRunners
{
    private const string Variable = "runner";

    private readonly Dictionary<Address, TrioRunner> _found = [];

    public IReadOnlyCollection<TrioRunner> Found => _found.Values;

    /// <summary>Of the threads that are read in this pass.</summary>
    public void FindInFrames(PyObjects objects, RawThreads threads, WaitFrames frames)
    {
        foreach (RawThread thread in threads.Threads)
        {
            if (thread.Stack is { } stack)
                FindInStack(objects, thread, stack, frames);
        }
    }

    private void FindInStack(PyObjects objects, RawThread thread, RawStack stack, WaitFrames frames)
    {
        foreach (TrioRunner before in new List<TrioRunner>(_found.Values))
        {
            if (before.Tid == thread.Tid)
                _found.Remove(before.Runner);
        }

        foreach (RawFrame frame in stack.Frames)
        {
            if (!IsTrio(frame.Code))
                continue;
            Address runner = frames.Of(frame).Local(Variable);
            if (IsRunner(objects, runner))
                _found[runner] = new TrioRunner(runner, thread.Tid, thread.InterpreterId);
        }
    }

    /// <summary>One that was met among all objects.</summary>
    public void Add(Address runner, long interpreter) => _found.TryAdd(runner, new TrioRunner(runner, null, interpreter));

    /// <summary>A class of Python's, whose name alone is not enough.</summary>
    public static bool IsRunner(PyObjects objects, PyType type) =>
        type.Name == "Runner" && type.IsHeapType && objects.TypeModuleAndName(type).Module == "trio._core._run";

    private static bool IsRunner(PyObjects objects, Address instance)
    {
        try
        {
            return !instance.IsNull && IsRunner(objects, objects.TypeOf(instance));
        }
        catch (TargetFault fault) when (fault.Reason is FaultReason.Unmapped or FaultReason.Nonsense)
        {
            return false;
        }
    }

    private static bool IsTrio(PyCode code) =>
        code.Name is "run" or "unrolled_run" or "run_impl" && code.File?.EndsWith("trio/_core/_run.py", StringComparison.Ordinal) == true;
}
