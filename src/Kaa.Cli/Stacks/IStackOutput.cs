using Kaa.Results;

namespace Kaa.Cli.Stacks;

/// <summary>Where answers go, round by round.</summary>
internal interface IStackOutput : IDisposable
{
    /// <param name="round">Null where there is only one look.</param>
    void Begin(Round? round);

    /// <param name="before">The same process in the round before; null in the first.</param>
    void Write(StackReport report, Round? round, StackReport? before);

    /// <summary>One of several processes has no answer.</summary>
    void Write(StackTarget target, UserError error);

    /// <summary>The round is complete: what was written is on its way.</summary>
    void End();
}
