using Kaa.Control.Conditions;
using Kaa.Formats;
using Kaa.Results;

namespace Kaa.Control.Tracing;

/// <summary>The moment of a hit, as a condition sees it. One instance serves all hits of a tracer, one after the other.</summary>
internal sealed class HitContext : IConditionContext
{
    // DWARF numbers of the registers that the calling convention passes arguments in (rdi, rsi, rdx, rcx, r8, r9). A system call has its fourth in r10.
    private const int FourthOfSyscall = 10;
    private const int InstructionPointerNumber = 16;
    private const int StackPointerNumber = 7;
    private static readonly int[] s_arguments = [5, 4, 1, 2, 8, 9];

    private readonly ulong[] _arguments = new ulong[6];
    private Func<TraceStack>? _stack;
    private ulong _instructionPointer;
    private ulong _stackPointer;

    public required IMemory Memory { get; set; }

    public int Tid { get; set; }

    public string? ThreadName { get; set; }

    /// <summary>Null before the call has returned.</summary>
    public long? Result { get; set; }

    public void Begin(ReadOnlySpan<ulong> arguments, ulong instructionPointer, ulong stackPointer, Func<TraceStack> stack)
    {
        arguments.CopyTo(_arguments);
        _instructionPointer = instructionPointer;
        _stackPointer = stackPointer;
        _stack = stack;
        Result = null;
    }

    public long? Register(int number)
    {
        int argument = Array.IndexOf(s_arguments, number == FourthOfSyscall ? s_arguments[3] : number);
        return number switch
        {
            _ when argument >= 0 => unchecked((long)_arguments[argument]),
            InstructionPointerNumber => unchecked((long)_instructionPointer),
            StackPointerNumber => unchecked((long)_stackPointer),
            _ => null,
        };
    }

    public object? Fact(ConditionFact fact) => fact switch
    {
        ConditionFact.ThreadId => (long)Tid,
        ConditionFact.ThreadName => ThreadName,
        ConditionFact.Result => Result,
        ConditionFact.PythonStack => Functions(_stack!()),
        ConditionFact.PythonFunction => _stack!().Innermost?.Function,
        ConditionFact.PythonFile => _stack!().Innermost?.File,
        ConditionFact.PythonLine => _stack!().Innermost?.Line is { } line ? (long)line : null,
        _ => null,
    };

    private static string? Functions(TraceStack stack)
    {
        if (stack.Frames.Count == 0)
            return null;
        var text = new System.Text.StringBuilder();
        foreach (StackFrame frame in stack.Frames)
            text.Append(text.Length == 0 ? "" : " ").Append(frame.Function);
        return text.ToString();
    }
}
