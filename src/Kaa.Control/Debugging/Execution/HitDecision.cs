using Kaa.Control.Conditions;
using Kaa.Formats;
using Kaa.Target;

namespace Kaa.Control.Debugging.Execution;

/// <summary>Which breakpoints a thread that has come to an address really stops at.</summary>
internal sealed class HitDecision(BreakpointList breakpoints, LiveInferior inferior, AgentLink agent)
{
    private readonly PageCache _memory = new(inferior.LiveMemory);

    /// <summary>Why a condition could not be asked; it counts as met, as in gdb.</summary>
    public string? Error { get; private set; }

    /// <summary>Empty where the thread goes on. Counts hits.</summary>
    public List<Breakpoint> At(Hit hit)
    {
        Error = null;
        var met = new List<Breakpoint>();
        IConditionContext? context = null;
        foreach (Breakpoint one in breakpoints.At(hit.Address))
        {
            if ((one.Tid is { } only && only != hit.Thread.Tid) || hit.Registers.Rsp < one.LowestStack)
                continue;
            if (one.Condition is { } condition && !Holds(one, condition, context ??= NewContext(hit)))
                continue;
            one.Hits++;
            if (one.Ignore > 0)
                one.Ignore--;
            else
                met.Add(one);
        }

        return met;
    }

    /// <summary>They will be decided once more.</summary>
    public static void Undo(IReadOnlyList<Breakpoint> met)
    {
        foreach (Breakpoint one in met)
            one.Hits--;
    }

    private HitContext NewContext(Hit hit)
    {
        _memory.Clear();
        return new HitContext(inferior, agent, hit, _memory);
    }

    private bool Holds(Breakpoint one, ConditionNode condition, IConditionContext context)
    {
        ConditionAnswer answer = ConditionEvaluator.Ask(condition, context);
        if (answer.Unknown is { } why)
            Error = $"Error in testing condition for breakpoint {one.Number}:\n{why}";
        return answer.Holds != false;
    }
}
