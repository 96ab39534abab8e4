using Kaa.Formats;

namespace Kaa.Control.Agent;

/// <summary>Which addresses of the process are Kaa's, and what the program itself has where Kaa has put something else.</summary>
public sealed class AgentPlaces
{
    private readonly HookTable _table;
    private readonly SessionHooks _hooks;

    internal AgentPlaces(HookTable table, SessionHooks hooks)
    {
        _table = table;
        _hooks = hooks;
    }

    /// <summary>True where the address lies in an island: a thread there is on its way into the agent, or runs what a hook displaced.</summary>
    public bool IsInIsland(Address address) => _table.IsInIsland(address);

    /// <summary>True where the address lies in what Kaa has put into the process: a thread there is at a hook.</summary>
    public bool Contains(Address address) => _table.IsInIsland(address)
        || (address.Value >= _table.Header.image && address.Value < _table.Header.image + _table.Header.image_size);

    /// <summary>True where a hook is armed.</summary>
    internal bool IsArmed(Address address) => _table.Find(address) is { } number && _table[number].state == AgentHookState.Armed;

    /// <summary>Puts the program's own bytes where hooks have changed them, in a copy of the process's memory.</summary>
    public void Conceal(Address address, Span<byte> bytes)
    {
        for (int i = 0; i < _table.Count; i++)
        {
            AgentHook hook = _table[i];
            bool isThere = hook.patch_size is > 1 and < CodeBytes.Pointer && (hook.state is AgentHookState.Armed or AgentHookState.Prepared || _hooks.IsLeaving(i));
            for (int b = 0; isThere && b < CodeBytes.JumpSize; b++)
            {
                long at = unchecked((long)(hook.address - address.Value)) + b;
                if (at >= 0 && at < bytes.Length)
                    bytes[(int)at] = unchecked((byte)(hook.original >> (8 * (int)(hook.address - hook.word + (ulong)b))));
            }
        }
    }
}
