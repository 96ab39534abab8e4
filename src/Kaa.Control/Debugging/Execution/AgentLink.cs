using Kaa.Control.Agent;
using Kaa.Formats;
using Kaa.Linux.Looking;
using Kaa.Results;

namespace Kaa.Control.Debugging.Execution;

/// <summary>The agent of a process that is debugged; put in with the first breakpoint. On the thread that traces, while the process stands still.</summary>
internal sealed class AgentLink(LiveInferior inferior)
{
    private AgentSession? _agent;
    private bool _isGuarded;

    /// <summary>Takes over the agent that a Kaa which was killed has left, and takes back what that had put into the code.</summary>
    public void TakeOver(HeldProcess held)
    {
        if (AgentSession.IsIn(inferior.Live))
            Attach(held);
    }

    /// <summary>A step is kept from killing the process by the agent's handler of SIGTRAP, if Kaa is killed in its midst: it must be there.</summary>
    /// <param name="places">Instructions: with the first that can be copied the handler comes.</param>
    /// <exception cref="UserError">step-refused: the program handles SIGTRAP itself.</exception>
    public void GuardSteps(HeldProcess held, IReadOnlyList<Address> places)
    {
        HookRefusal? refusal = null;
        foreach (Address place in places)
        {
            if (_isGuarded || Attach(held).AddTrap(held, place, out refusal) is not null)
            {
                _isGuarded = true;
                return;
            }
        }

        throw new UserError("step-refused", $"Kaa can't step here, because {refusal?.Message}.", "a Kaa that is killed in the midst of a step would take the process with it");
    }

    /// <summary>Where a thread goes on that has met an int3 which any Kaa has ever put there.</summary>
    public ulong? Find(ulong address) => _agent?.FindTrap(new Address(address))?.Value;

    /// <summary>Where a thread goes on that meets an int3 at the address.</summary>
    /// <exception cref="UserError">breakpoint-refused, and those of <see cref="AgentSession.Attach(Linux.LiveTarget, AgentOptions)"/>.</exception>
    public ulong Prepare(HeldProcess held, Address address)
    {
        if (Attach(held).AddTrap(held, address, out HookRefusal? refusal) is { } detour)
            return detour.Value;
        throw new UserError("breakpoint-refused", $"Cannot insert a breakpoint at 0x{address.Value:x}, because {refusal?.Message}.");
    }

    public bool Contains(ulong address) => _agent?.Contains(new Address(address)) == true;

    /// <summary>All is as before.</summary>
    public void Detach(HeldProcess held)
    {
        _agent?.Detach(held);
        Forget();
    }

    private AgentSession Attach(HeldProcess held) => _agent ??= AgentSession.Attach(inferior.Live, new AgentOptions { FindsPython = false }, held);

    /// <summary>Another program runs there: nothing is left of it.</summary>
    public void Forget()
    {
        _agent = null;
        _isGuarded = false;
    }
}
