using Kaa.Control.Remote;
using Kaa.Formats;
using Kaa.Linux.Registers;

namespace Kaa.Control.Cores;

/// <summary>The system calls by which a process makes a copy of itself, and has it go again. Numbers: arch/x86/entry/syscalls/syscall_64.tbl.</summary>
internal sealed class ForkCalls
{
    private const int Clone = 56;
    private const int Exit = 60;
    private const int Wait = 61; // wait4
    private const int ProcessControl = 157; // prctl
    private const int ExitGroup = 231;
    private const int CloseRange = 436; // Linux 5.9

    private const ulong ShareFiles = 0x400; // CLONE_FILES
    private const ulong SetName = 15; // PR_SET_NAME
    private const ulong Unshare = 2; // CLOSE_RANGE_UNSHARE
    private const ulong NoHang = 1; // WNOHANG
    private const ulong AnyChild = 0x40000000; // __WALL
    private const int MostLeft = X64CallStub.MostCalls - 1;

    private ForkCalls(IReadOnlyList<RemoteCall> calls, IReadOnlyList<RemoteCall> childCalls, int cloneAt)
    {
        Calls = calls;
        ChildCalls = childCalls;
        CloneAt = cloneAt;
    }

    public static ReadOnlySpan<byte> Name => "kaa-core"u8;

    public IReadOnlyList<RemoteCall> Calls { get; }

    /// <summary>The last of them end the child.</summary>
    public IReadOnlyList<RemoteCall> ChildCalls { get; }

    /// <summary>Which of <see cref="Calls"/> makes the child.</summary>
    public int CloneAt { get; }

    /// <summary>How many of <see cref="ChildCalls"/> the child makes before it is copied.</summary>
    public int ChildCallsFirst => ChildCalls.Count - 2;

    /// <summary>
    /// All signals are blocked meanwhile, so no handler runs in the copy. The copy sends none at its end and has the same table of open
    /// files, not one of its own that would keep sockets open; then it leaves even that, takes a name, and would end.
    /// </summary>
    /// <param name="left">Copies of an earlier Kaa that have ended.</param>
    /// <param name="mayCall">False where a filter forbids a call.</param>
    public static ForkCalls Make(Address stub, IReadOnlyList<int> left, Func<RemoteCall, bool> mayCall)
    {
        var calls = new List<RemoteCall>();
        foreach (int pid in left)
        {
            RemoteCall wait = Reap(pid);
            if (calls.Count < MostLeft && mayCall(wait))
                calls.Add(wait);
        }

        int cloneAt = calls.Count;
        calls.Add(new RemoteCall(Clone, ShareFiles, MakesChild: true));
        RemoteCall[] first =
        [
            new(ProcessControl, SetName, X64CallStub.Name(stub).Value),
            new(CloseRange, 0, uint.MaxValue, Unshare),
        ];
        return new ForkCalls(calls, [.. first.Where(mayCall), new RemoteCall(ExitGroup), new RemoteCall(Exit)], cloneAt);
    }

    /// <param name="pid">In the process's own pid namespace.</param>
    public static RemoteCall Reap(int pid) => new(Wait, unchecked((ulong)pid), 0, NoHang | AnyChild);

    /// <summary>The calls that can't be done without.</summary>
    public bool AreAllowed(Address stub, Func<RemoteCall, bool> mayCall)
    {
        if (!mayCall(X64CallStub.Unblock(stub)))
            return false;
        foreach (RemoteCall call in Calls)
        {
            if (!mayCall(call))
                return false;
        }

        return mayCall(ChildCalls[^2]) || mayCall(ChildCalls[^1]);
    }
}
