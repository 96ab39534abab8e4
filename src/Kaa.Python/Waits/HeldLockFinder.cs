using Kaa.Formats;
using Kaa.Python.Objects;

namespace Kaa.Python.Waits;

/// <summary>
/// Finds the locks whose <c>with</c> block a frame is in. The interpreter keeps the context manager's bound <c>__exit__</c> on the value
/// stack for as long as the block runs (since 3.14 the function and the manager itself, LOAD_SPECIAL), below the block's stack level.
/// </summary>
internal sealed class HeldLockFinder(PyObjects objects, LockReader locks, int cfunctionSelf)
{
    private readonly bool _keepsManager = objects.Layout.Version.AtLeast(3, 14);

    public void Find(IWaitFrame frame, List<HeldLock> held)
    {
        IReadOnlyList<Address> stack = frame.LiveStack;
        for (int i = stack.Count - 1; i >= 0; i--)
        {
            if (LockOf(stack[i]) is { } found && !Contains(held, found))
                held.Add(new HeldLock(found, frame.Function, frame.File, frame.Line));
        }
    }

    private Address? LockOf(Address slot)
    {
        if (slot.IsNull || (slot.Value & 7) != 0)
            return null;
        Address manager = _keepsManager ? slot : BoundTo(slot);
        return locks.TryRead(manager)?.Address;
    }

    private Address BoundTo(Address method)
    {
        try
        {
            return objects.TypeOf(method).Name == "builtin_function_or_method" ? objects.PointerAt(method, cfunctionSelf) : Address.Null;
        }
        catch (TargetFault fault) when (fault.Reason is FaultReason.Unmapped or FaultReason.Nonsense)
        {
            return Address.Null;
        }
    }

    private static bool Contains(List<HeldLock> held, Address address)
    {
        foreach (HeldLock one in held)
        {
            if (one.Lock == address)
                return true;
        }

        return false;
    }
}
