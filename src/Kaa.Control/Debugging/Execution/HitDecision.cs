using Kaa.Control.Conditions;
using Kaa.Formats;
using Kaa.Target;

namespace Kaa.Control.Debugging.Execution;

/// <summary>What the breakpoints say of a thread that has come to their address.</summary>
/// <param name="passedOver">Those that counted it, and are to be passed over still.</param>
internal sealed class Decided(List<Breakpoint> met, List<Breakpoint> passedOver, string? error)
{
    /// <summary>Those that it stops at; empty where it goes on.</summary>
    public List<Breakpoint> Met => met;

    /// <summary>Why a condition could not be asked; it counts as met, as in gdb. Null where each could.</summary>
    public string? Error => error;

    /// <summary>It will be decided once more: nothing is counted.</summary>
    public void Undo()
    {
        foreach (Breakpoint one in met)
            one.Hits--;
        foreach (Breakpoint one in passedOver)
        {
            one.Hits--;
            one.Ignore++;
        }
    }
}

/// <summary>Which breakpoints a thread that has come to an address really stops at.</summary>
internal sealed class HitDecision(BreakpointList breakpoints, LiveInferior inferior, AgentLink agent)
{
    private IMemory? _live;
    private PageCache? _memory;
    private string? _error;

    /// <summary>Counts hits.</summary>
    public Decided At(Hit hit)
    {
        _error = null;
        var met = new List<Breakpoint>();
        var passedOver = new List<Breakpoint>();
        IConditionContext? context = null;
        foreach (Breakpoint one in breakpoints.At(hit.Address, inferior.Pid))
        {
            if ((one.Tid is { } only && only != hit.Thread.Tid) || hit.Registers.Rsp < one.LowestStack)
                continue;
            if (one.Condition is { } condition && !Holds(one, condition, context ??= NewContext(hit)))
                continue;
            one.Hits++;
            (one.Ignore > 0 ? passedOver : met).Add(one);
            if (one.Ignore > 0)
                one.Ignore--;
        }

        return new Decided(met, passedOver, _error);
    }

    private HitContext NewContext(Hit hit)
    {
        // It is another one when the process has loaded something, or runs another program.
        if (_memory is null || _live != inferior.LiveMemory)
            _memory = new PageCache(_live = inferior.LiveMemory);
        _memory.Clear();
        return new HitContext(inferior, agent, hit, _memory);
    }

    private bool Holds(Breakpoint one, ConditionNode condition, IConditionContext context)
    {
        ConditionAnswer answer = ConditionEvaluator.Ask(condition, context);
        if (answer.Unknown is { } why)
            _error = $"Error in testing condition for breakpoint {one.Number}:\n{why}";
        return answer.Holds != false;
    }
}
