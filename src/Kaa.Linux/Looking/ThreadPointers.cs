using Kaa.Formats;
using Kaa.Linux.Calls;

namespace Kaa.Linux.Looking;

/// <summary>
/// Where the thread-local storage of a sleeping thread lies (fs_base), which only the registers of a stopped one tell. The C library registers a list of robust
/// mutexes for each thread, in the thread's own descriptor, so always as far from its fs_base; and what lies at fs_base is fs_base itself (x86-64 psABI, TLS).
/// </summary>
public sealed class ThreadPointers(IMemory memory)
{
    private const int GetRobustList = 274; // get_robust_list

    private ulong? _distance;

    /// <summary>Learns the distance from a thread whose registers are known.</summary>
    public void Learn(int tid, ulong threadPointer)
    {
        if (_distance is null && threadPointer != 0 && Head(tid) is { } head)
            _distance = unchecked(head - threadPointer);
    }

    /// <summary>Null where it can't be told.</summary>
    public Address? Of(int tid)
    {
        if (_distance is not { } distance || Head(tid) is not { } head)
            return null;
        var pointer = new Address(unchecked(head - distance));
        Span<byte> self = stackalloc byte[8];
        return memory.TryReadExactly(pointer, self) && ((ReadOnlySpan<byte>)self).PointerAt(0) == pointer.Value ? pointer : null;
    }

    private static unsafe ulong? Head(int tid)
    {
        ulong head;
        ulong length;
        return Libc.SystemCall(GetRobustList, tid, (nint)(&head), (nint)(&length), 0) == 0 && head != 0 ? head : null;
    }
}
