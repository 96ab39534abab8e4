using Kaa.Control.Agent;
using Kaa.Formats;

namespace Kaa.Control.Debugging.Execution;

/// <summary>A piece of the agent's islands in which a thread runs one instruction, and then waits.</summary>
internal sealed class StepPiece(HookHandle hook, Address address)
{
    public HookHandle Hook => hook;

    public Address Address => address;

    /// <summary>
    /// A thread is in it, or will come back to it from a signal's handler: it serves nobody else. One that never came to its end stays so for good.
    /// </summary>
    public bool IsTaken { get; set; }
}
