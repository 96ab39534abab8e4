using Kaa.Formats;

namespace Kaa.Python.Stack;

/// <summary>
/// Tells a chain that runs in a circle, without a memory of all its members: compares with one that was seen, which is
/// renewed at every power of two (R. P. Brent, An improved Monte Carlo factorization algorithm, BIT 20, 1980).
/// </summary>
internal struct CycleGuard
{
    private Address _seen;
    private int _renewAt;

    /// <summary>How many members there were.</summary>
    public int Count { get; private set; }

    /// <summary>False once the chain has come back to a member, or is longer than it may be.</summary>
    public bool Enter(Address member, int limit)
    {
        if (member == _seen || Count >= limit)
            return false;
        if (Count++ == _renewAt)
        {
            _seen = member;
            _renewAt = (_renewAt * 2) + 1;
        }

        return true;
    }
}
