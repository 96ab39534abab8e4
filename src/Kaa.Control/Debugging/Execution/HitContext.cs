using Kaa.Control.Conditions;
using Kaa.Formats;
using Kaa.Linux.Controlling;
using Kaa.Python.Inspection;
using Kaa.Python.Stack;
using Kaa.Results;
using Kaa.Target;

namespace Kaa.Control.Debugging.Execution;

/// <summary>The moment in which a thread has come to a breakpoint: its registers, memory, and its Python stack, which is read when it is first asked for.</summary>
internal sealed class HitContext(LiveInferior inferior, ControlledThread thread, IMemory memory) : IConditionContext
{
    private readonly Kaa.Target.Arch.X64Registers _registers = thread.Registers.General();
    private IReadOnlyList<PythonFrame>? _frames;
    private string? _name;

    public IMemory Memory => memory;

    public long? Register(int number) => _registers[number] is { } value ? unchecked((long)value) : null;

    public object? Fact(ConditionFact fact) => fact switch
    {
        ConditionFact.ThreadId => (long)thread.Tid,
        ConditionFact.ThreadName => _name ??= inferior.NameOf(thread.Tid),
        ConditionFact.PythonStack => Frames is { Count: > 0 } frames ? string.Join(' ', frames.Select(frame => frame.Function)) : null,
        ConditionFact.PythonFunction => Innermost?.Function,
        ConditionFact.PythonFile => Innermost?.File,
        ConditionFact.PythonLine => (long?)Innermost?.Line,
        _ => null,
    };

    private PythonFrame? Innermost => Frames is [var first, ..] ? first : null;

    private IReadOnlyList<PythonFrame> Frames => _frames ??= ReadFrames();

    private IReadOnlyList<PythonFrame> ReadFrames()
    {
        if (inferior.Python is not { } python)
            return [];
        var kernel = new TargetThread { Tid = thread.Tid, NamespaceTid = inferior.NamespaceTidOf(thread.Tid), Registers = _registers, ThreadPointer = new Address(thread.Registers.FsBase) };
        var moment = new PythonMoment(python, new Look(memory, [kernel], new HashSet<int> { thread.Tid }, 0));
        try
        {
            return moment.Find(thread.Tid)?.Stack is { } stack ? [.. stack.Frames.Select(frame => PythonMoment.Describe(frame))] : [];
        }
        catch (TargetFault)
        {
            return [];
        }
    }
}
