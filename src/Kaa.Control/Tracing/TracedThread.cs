using Kaa.Linux.Memory;
using Kaa.Linux.Tracing;
using Kaa.Python.Stack;

namespace Kaa.Control.Tracing;

/// <summary>A thread that is traced.</summary>
internal sealed class TracedThread(int tid, TracedProcess process)
{
    public int Tid { get; } = tid;

    public TracedProcess Process { get; set; } = process;

    /// <summary>It has not come to its first stop yet.</summary>
    public bool IsNew { get; set; } = true;

    /// <summary>It was told to stop for the first time, and has not yet: its call may have been cut short, which is repaired when it stops.</summary>
    public bool IsOnItsWay { get; set; }

    /// <summary>Between a call's entry and its exit.</summary>
    public bool IsInCall { get; set; }

    /// <summary>The call that it is in gives EINTR whenever it is woken.</summary>
    public bool MayGiveEintr { get; set; }

    /// <summary>Number of that call.</summary>
    public int CallNumber { get; set; }

    /// <summary>It has made children, or may have.</summary>
    public bool IsParent { get; set; }

    /// <summary>The call that it is in, where that was asked for.</summary>
    public PendingHit? Hit { get; set; }

    /// <summary>Place of the call that it is in.</summary>
    public CallPlace Place { get; set; }

    /// <summary>Calls that were cut short by a signal, the newest last: they end with EINTR, or are made again when its handler has returned.</summary>
    public List<InterruptedCall> Interrupted { get; } = [];

    public CallerThread? Caller { get; set; }

    /// <summary>The kernel's name for it, once it was needed.</summary>
    public string? KernelName { get; set; }

    public long NameReadAt { get; set; }

    public Foresight AtEntry { get; } = new();

    public Foresight AtExit { get; } = new();

    /// <summary>A Python stack was found by its thread pointer. Until then a program that has just begun may set another one.</summary>
    public bool IsPointerProved { get; set; }

    /// <summary>While it stands still.</summary>
    public void LearnPointer()
    {
        if (IsPointerProved)
            return;
        ulong pointer = SyscallTracing.ThreadPointer(Tid);
        if (Caller is null || (pointer != 0 && pointer != Caller.Pointer))
            Caller = new CallerThread(pointer, Tid);
    }
}

/// <summary>Where in its program a thread makes a call: the same call that is made again has the same place.</summary>
internal readonly record struct CallPlace(ulong InstructionPointer, ulong StackPointer);

/// <param name="Hit">Null for a call that was not asked for, or had begun before it was traced.</param>
internal readonly record struct InterruptedCall(CallPlace Place, PendingHit? Hit);
