using Kaa.Formats;
using Kaa.Python.Layout;
using Kaa.Python.Objects;

namespace Kaa.Python.Waits;

/// <summary>A Python lock, as its object tells.</summary>
/// <param name="Address">Of the Python object.</param>
/// <param name="Recursive">An RLock: it knows its owner.</param>
/// <param name="Word">What a thread that waits for it sleeps on: the semaphore, or since 3.13.1 (RLock: 3.14) the mutex byte.</param>
/// <param name="OwnerIdent">The owner of an RLock that is held; null for plain locks, which record none.</param>
internal readonly record struct LockObject(Address Address, bool Recursive, Address Word, ulong? OwnerIdent);

/// <summary>
/// Knows <c>_thread.lock</c> and <c>_thread.RLock</c> (Modules/_threadmodule.c): behind the object's head lies a pointer to a semaphore and,
/// in an RLock, owner and count; since 3.14 a PyMutex byte, and owner and level in a _PyRecursiveMutex.
/// </summary>
internal sealed class LockReader(PyObjects objects)
{
    private readonly int _head = objects.Layout.PyObject.size;
    private readonly bool _mutexInLock = objects.Layout.Version.CompareTo(new PythonVersion(3, 13, 1)) >= 0;
    private readonly bool _mutexInRLock = objects.Layout.Version.AtLeast(3, 14);

    /// <summary>From where the parked word lies to where its object begins.</summary>
    public int WordOffset => _head;

    /// <summary>A thread that waits for a plain lock sleeps on a semaphore of its own, not of the lock.</summary>
    public bool ParksForLock => _mutexInLock;

    /// <summary>Null where the object is no lock, or can't be read.</summary>
    public LockObject? TryRead(Address address)
    {
        try
        {
            return address.IsNull || (address.Value & 7) != 0 ? null : Read(address);
        }
        catch (TargetFault fault) when (fault.Reason is FaultReason.Unmapped or FaultReason.Nonsense)
        {
            return null;
        }
    }

    private LockObject? Read(Address address) => objects.TypeOf(address).Name switch
    {
        "_thread.lock" or "thread.lock" => new LockObject(address, false, Word(address, _mutexInLock), null),
        "_thread.RLock" => new LockObject(address, true, Word(address, _mutexInRLock), Owner(address)),

        // 2.7 has no RLock in C: a class of threading.py around a plain lock. 3.x keeps one as a fallback.
        "_RLock" => ReadPythonRLock(address),
        _ => null,
    };

    private Address Word(Address address, bool mutex) => mutex ? address + _head : objects.Memory.ReadPointer(address + _head);

    private ulong? Owner(Address address)
    {
        ulong owner = objects.Memory.Read<ulong>(address + _head + 8);
        ulong count = objects.Memory.Read<ulong>(address + _head + 16);

        // A _PyRecursiveMutex counts from 0 (Python/lock.c): the owner alone says that it is held.
        return owner != 0 && (_mutexInRLock || count > 0) ? owner : null;
    }

    private LockObject? ReadPythonRLock(Address address)
    {
        bool old = objects.Layout.Version.Major == 2;
        Address block = objects.Attribute(address, old ? "_RLock__block" : "_block");
        if (block.IsNull || TryRead(block) is not { } inner)
            return null;
        Address owner = objects.Attribute(address, old ? "_RLock__owner" : "_owner");
        return inner with { Address = address, Recursive = true, OwnerIdent = TryIdent(owner) };
    }

    private ulong? TryIdent(Address number) =>
        !number.IsNull && objects.TypeOf(number).Name is "int" or "long" ? unchecked((ulong)objects.ReadInt64(number)) : null;
}
