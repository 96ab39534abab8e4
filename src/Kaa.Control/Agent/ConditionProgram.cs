using Kaa.Control.Conditions;

namespace Kaa.Control.Agent;

/// <summary>
/// A condition as the agent asks it (agent/condition.c). What only Kaa can tell (texts, Python's names) is unknown there: where the rest does not
/// decide, the answer is too, and Kaa has to ask the whole condition by the event.
/// </summary>
public sealed class ConditionProgram
{
    private ConditionProgram(byte[] code, bool isExact)
    {
        Code = code;
        IsExact = isExact;
    }

    /// <summary>At most <c>AgentHook.ProgramSize</c> bytes.</summary>
    internal byte[] Code { get; }

    /// <summary>True where the agent alone can tell, as far as memory can be read.</summary>
    public bool IsExact { get; }

    /// <summary>Null where it is too long for the agent, or all of it is for Kaa to tell.</summary>
    public static ConditionProgram? Compile(ConditionNode condition)
    {
        var compiler = new ConditionCompiler();
        return compiler.TryCompile(condition, out byte[] code) ? new ConditionProgram(code, compiler.IsExact) : null;
    }
}
