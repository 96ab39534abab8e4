using Kaa.Control.Conditions;
using Kaa.Formats;
using Kaa.Python.Inspection;
using Kaa.Python.Stack;
using Kaa.Results;
using Kaa.Target;

namespace Kaa.Control.Debugging.Execution;

/// <summary>The moment in which a thread has come to a breakpoint: its registers, memory, and its Python stack, which is read when it is first asked for.</summary>
internal sealed class HitContext(LiveInferior inferior, AgentLink agent, Hit hit, IMemory memory) : IConditionContext
{
    private readonly Kaa.Target.Arch.X64Registers _registers = hit.Registers.General();
    private IReadOnlyList<PythonFrame>? _frames;
    private string? _name;

    public IMemory Memory => memory;

    public long? Register(int number) => _registers[number] is { } value ? unchecked((long)value) : null;

    public object? Fact(ConditionFact fact) => fact switch
    {
        ConditionFact.ThreadId => (long)hit.Thread.Tid,
        ConditionFact.ThreadName => _name ??= inferior.NameOf(hit.Thread.Tid),
        ConditionFact.PythonStack => Frames is { Count: > 0 } frames ? string.Join(' ', frames.Select(frame => frame.Function)) : null,
        ConditionFact.PythonFunction => Innermost?.Function,
        ConditionFact.PythonFile => Innermost?.File,
        ConditionFact.PythonLine => (long?)Innermost?.Line,
        _ => null,
    };

    private PythonFrame? Innermost => Frames is [var first, ..] ? first : null;

    private IReadOnlyList<PythonFrame> Frames => _frames ??= ReadFrames();

    /// <summary>As the agent has walked them, where it could.</summary>
    private IReadOnlyList<PythonFrame> ReadFrames()
    {
        if (hit.Event is { } made && agent.Frames(made) is { Count: > 0 } walked)
            return walked;
        if (inferior.Python is not { } python)
            return [];
        var kernel = new TargetThread { Tid = hit.Thread.Tid, NamespaceTid = inferior.NamespaceTidOf(hit.Thread.Tid), Registers = _registers, ThreadPointer = new Address(hit.Registers.FsBase) };
        var moment = new PythonMoment(python, new Look(memory, [kernel], new HashSet<int> { hit.Thread.Tid }, 0));
        try
        {
            return moment.Find(hit.Thread.Tid)?.Stack is { } stack ? [.. stack.Frames.Select(frame => PythonMoment.Describe(frame))] : [];
        }
        catch (TargetFault)
        {
            return [];
        }
    }
}
