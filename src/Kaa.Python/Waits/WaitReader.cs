using Kaa.Formats;
using Kaa.Python.Objects;
using Kaa.Results;
using Kaa.Target;
using Kaa.Target.Arch;

namespace Kaa.Python.Waits;

/// <summary>The GIL that a thread would have to take.</summary>
/// <param name="Start">A thread that waits for it sleeps on a word from here on.</param>
/// <param name="Size">In bytes.</param>
/// <param name="HolderIdent">Null while nobody holds it.</param>
public readonly record struct GilFacts(Address Start, int Size, ulong? HolderIdent)
{
    /// <summary><c>struct _gil_runtime_state</c>: interval, holder, counter, two condition variables and two mutexes (pycore_gil.h).</summary>
    public const int StructSize = 208;

    /// <summary><c>pthread_cond_t</c> of glibc and musl on x86-64.</summary>
    public const int ConditionSize = 48;

    public bool Contains(Address word) => word >= Start && word < Start + Size;
}

/// <summary>Finds out what a sleeping thread waits for: first by the lock that it sleeps on, then by the Python function that it is in.</summary>
public sealed class WaitReader
{
    private readonly PyObjects _objects;
    private readonly LockReader _locks;
    private readonly HeldLockFinder _held;
    private readonly ThreadingFrames _threading;
    private readonly int _cfunctionSelf;

    /// <param name="objects">Of this look.</param>
    /// <param name="cfunctionSelf">Offset of <c>PyCFunctionObject.m_self</c>.</param>
    public WaitReader(PyObjects objects, int cfunctionSelf)
    {
        _objects = objects;
        _cfunctionSelf = cfunctionSelf;
        _locks = new LockReader(objects);
        _held = new HeldLockFinder(objects, _locks, cfunctionSelf);
        _threading = new ThreadingFrames(objects);
    }

    /// <param name="thread">As the kernel has it.</param>
    /// <param name="frames">Its Python frames, innermost first; for held locks all of them are looked at.</param>
    /// <param name="gil">Null in free-threaded builds, or where it was not found.</param>
    public ThreadWaits Read(TargetThread thread, IReadOnlyList<IWaitFrame> frames, GilFacts? gil)
    {
        WaitFacts? wait = null;
        // A core does not tell states; but a thread that it shows in a call did wait there.
        if (thread is { State: not (ThreadState.Running or ThreadState.Zombie), Call: { } call })
            wait = ReadWait(call, frames, gil);
        var held = new List<HeldLock>();
        foreach (IWaitFrame frame in frames)
            _held.Find(frame, held);
        if (wait?.Lock is { } waitedFor)
            held.RemoveAll(one => one.Lock == waitedFor);
        return new ThreadWaits(wait, held);
    }

    private WaitFacts? ReadWait(BlockedCall blocked, IReadOnlyList<IWaitFrame> frames, GilFacts? gil)
    {
        BlockedCallMeaning call = BlockedCallMeaning.Of(blocked);
        if (call.Kind == BlockedCallKind.Futex && call.Word is { } word)
            return ReadFutex(word, frames, gil);
        string? purpose = _threading.Purpose(frames)?.What;
        string what = purpose is null ? call.Name : $"{call.Name} for {purpose}";
        return call.Kind switch
        {
            BlockedCallKind.Sleep => new WaitFacts(WaitKind.Sleep, $"asleep in {call.Name}"),
            BlockedCallKind.Descriptor or BlockedCallKind.Poll =>
                new WaitFacts(WaitKind.Io, what) { Descriptors = call.Fd is { } fd ? [fd] : PolledDescriptors.Read(blocked, _objects.Memory) },
            BlockedCallKind.Child => new WaitFacts(
                WaitKind.Child, call.ChildPid is { } pid ? $"child process {pid} to end" : "a child process to end"),
            BlockedCallKind.Signal => new WaitFacts(WaitKind.Io, "a signal"),
            _ => null,
        };
    }

    private WaitFacts ReadFutex(Address word, IReadOnlyList<IWaitFrame> frames, GilFacts? gil)
    {
        if (gil is { } lockOfAll && lockOfAll.Contains(word))
            return new WaitFacts(WaitKind.Gil, "the GIL", lockOfAll.Start, lockOfAll.HolderIdent);
        LockObject? found = FindLock(word, frames);
        if (_threading.Purpose(frames) is { } purpose)
            return purpose with { Lock = purpose.Lock ?? found?.Address ?? word };
        if (found is not { } known)
            return new WaitFacts(WaitKind.Futex, $"a futex at {word}", word);
        return known.Recursive
            ? new WaitFacts(WaitKind.RLock, $"RLock at {known.Address}", known.Address, known.OwnerIdent)
            : new WaitFacts(WaitKind.Lock, $"Lock at {known.Address}", known.Address) { OwnerByHeld = true };
    }

    /// <summary>The lock whose word it is. Proved by the word itself, so slots that hold dead objects do no harm.</summary>
    private LockObject? FindLock(Address word, IReadOnlyList<IWaitFrame> frames)
    {
        if (_locks.ParksForLock && FindParked(word) is { } parked)
            return parked;
        for (int i = 0; i < frames.Count && i < 4; i++)
        {
            foreach (Address slot in frames[i].Slots)
            {
                if (LockAt(slot) is { } found && found.Word == word)
                    return found;
            }
        }

        return null;
    }

    /// <summary>
    /// A thread that waits for a PyMutex sleeps on a semaphore of its own C stack, in a wait_entry (Python/parking_lot.c): park_arg, the
    /// address that it waits for, the semaphore.
    /// </summary>
    private LockObject? FindParked(Address word) =>
        _objects.Memory.TryReadPointer(word - 8, out Address mutex)
        && _locks.TryRead(mutex - _locks.WordOffset) is { } found
        && found.Word == mutex
            ? found
            : null;

    private LockObject? LockAt(Address slot)
    {
        if (slot.IsNull || (slot.Value & 7) != 0)
            return null;
        return _locks.TryRead(slot) ?? _locks.TryRead(Self(slot));
    }

    /// <summary>What a builtin method is bound to: <c>lock.acquire</c> → the lock.</summary>
    private Address Self(Address method)
    {
        try
        {
            return _objects.TypeOf(method).Name == "builtin_function_or_method" ? _objects.PointerAt(method, _cfunctionSelf) : Address.Null;
        }
        catch (TargetFault fault) when (fault.Reason is FaultReason.Unmapped or FaultReason.Nonsense)
        {
            return Address.Null;
        }
    }
}
