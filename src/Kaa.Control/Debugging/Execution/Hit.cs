using Kaa.Control.Agent;
using Kaa.Linux.Controlling;
using Kaa.Linux.Registers;
using Kaa.Results;

namespace Kaa.Control.Debugging.Execution;

/// <summary>A thread that has come to an address where breakpoints may be.</summary>
/// <param name="Registers">As the program has them there.</param>
internal sealed record Hit(ulong Address, ControlledThread Thread, X64Registers Registers)
{
    /// <summary>What the agent says of it; null where the thread stands still.</summary>
    public AgentEvent? Event { get; init; }

    public static Hit Of(ControlledThread thread, ulong address) => new(address, thread, thread.Registers with { Rip = address });

    public static Hit Of(ControlledThread thread, AgentEvent made, ulong address) => new(address, thread, AgentStop.Registers(thread, made) with { Rip = address }) { Event = made };
}
