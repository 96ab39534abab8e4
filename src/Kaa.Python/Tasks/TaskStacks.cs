using Kaa.Formats;
using Kaa.Python.Stack;
using Kaa.Results;

namespace Kaa.Python.Tasks;

/// <summary>The frames of tasks, whoever drives them: of a suspended coroutine, or of the thread that runs it. Serves one look.</summary>
internal sealed class TaskStacks(CoroutineReader coroutines, FrameBuilder builder, RawThreads threads)
{
    /// <summary>Adds coroutine and frames; whatever can't be read is told by <see cref="RawTask.Truncated"/>.</summary>
    public RawTask Add(RawTask task, Address coroutine, out CoroutineChain chain)
    {
        chain = coroutines.Read(coroutine);
        task = task with { Coroutine = coroutine };
        return chain.ExecutingFrame.IsNull ? Suspended(task, chain) : Running(task, chain.ExecutingFrame);
    }

    private RawTask Suspended(RawTask task, CoroutineChain chain)
    {
        IReadOnlyList<StackFrame> frames = builder.BuildSuspended(new RawStack(chain.Frames, chain.Truncated), out string? truncated);
        return task with { Frames = Named(frames, chain.Names), Truncated = truncated };
    }

    /// <summary>The frames that its thread has inside of its coroutine's, and that one.</summary>
    private RawTask Running(RawTask task, Address outermost)
    {
        foreach (RawThread thread in threads.Threads)
        {
            if (thread.Stack is not { } stack)
                continue;
            for (int i = 0; i < stack.Frames.Count; i++)
            {
                if (stack.Frames[i].Address != outermost)
                    continue;
                var frames = new List<RawFrame>(i + 1);
                for (int one = 0; one <= i; one++)
                    frames.Add(stack.Frames[one]);
                RawThread inner = thread with { Stack = new RawStack(frames, null) };
                return task with { Tid = thread.Tid, Frames = builder.Build(inner, blocked: false, out string? truncated), Truncated = truncated };
            }
        }

        return task with { Truncated = "it runs, but no thread that was read shows its frames" };
    }

    /// <summary>Up to 3.10 code has no qualified name, but its generator has.</summary>
    private static StackFrame[] Named(IReadOnlyList<StackFrame> frames, IReadOnlyList<string?> names)
    {
        var named = new StackFrame[frames.Count];
        for (int i = 0; i < named.Length; i++)
        {
            bool lacks = frames[i] is PythonFrame { QualifiedName: null } && i < names.Count;
            named[i] = lacks ? ((PythonFrame)frames[i]) with { QualifiedName = names[i] } : frames[i];
        }

        return named;
    }
}
