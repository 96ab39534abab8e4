using Kaa.Control.Agent;
using Kaa.Formats;
using Kaa.Linux.Looking;
using Kaa.Results;

namespace Kaa.Control.Debugging.Execution;

/// <summary>The agent of a process that is debugged; put in with the first breakpoint. On the thread that traces, while the process stands still.</summary>
internal sealed class AgentLink(LiveInferior inferior)
{
    private AgentSession? _agent;

    /// <summary>Where a thread goes on that meets an int3 at the address.</summary>
    /// <exception cref="UserError">breakpoint-refused, and those of <see cref="AgentSession.Attach(Linux.LiveTarget, AgentOptions)"/>.</exception>
    public ulong Prepare(HeldProcess held, Address address)
    {
        _agent ??= AgentSession.Attach(inferior.Live, new AgentOptions { FindsPython = false }, held);
        if (_agent.AddTrap(held, address, out HookRefusal? refusal) is { } detour)
            return detour.Value;
        throw new UserError("breakpoint-refused", $"Cannot insert a breakpoint at 0x{address.Value:x}, because {refusal?.Message}.");
    }

    public bool Contains(ulong address) => _agent?.Contains(new Address(address)) == true;

    /// <summary>All is as before.</summary>
    public void Detach(HeldProcess held)
    {
        _agent?.Detach(held);
        _agent = null;
    }

    /// <summary>Another program runs there: nothing is left of it.</summary>
    public void Forget() => _agent = null;
}
