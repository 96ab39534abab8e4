using Kaa.Formats;

namespace Kaa.Control.Agent;

/// <summary>A hook of which all but the patch is in the process.</summary>
/// <param name="length">Of the displaced bytes.</param>
/// <param name="offsets">For each displaced instruction where it was, and where it is in the piece.</param>
internal sealed class PreparedHook(HookHandle hook, AgentHook record, int length, Address piece, List<(int From, int To)> offsets)
{
    public HookHandle Hook => hook;

    public AgentHook Record => record;

    public int Length => length;

    public Address Piece => piece;

    public List<(int From, int To)> Offsets => offsets;

    public bool Overlaps(Address address, int bytes) => hook.Address < address + bytes && address < hook.Address + length;
}
