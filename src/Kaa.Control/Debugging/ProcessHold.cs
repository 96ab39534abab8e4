using Kaa.Control.Remote;
using Kaa.Linux.Access;
using Kaa.Linux.Calls;
using Kaa.Linux.Controlling;
using Kaa.Linux.Looking;
using Kaa.Linux.Proc;
using Kaa.Results;

namespace Kaa.Control.Debugging;

/// <summary>The stops of a process that is debugged: all of its threads are held or go on, and for how long they stand still is told. On the thread that traces, but for the times.</summary>
internal sealed class ProcessHold(ControlledProcess control, TaskDirectory tasks, int pid)
{
    private long? _since;

    /// <summary>Null while it runs.</summary>
    public HeldProcess? Held { get; private set; }

    /// <summary>For how long it has stood still in this stop; zero while it runs.</summary>
    public TimeSpan Time => _since is { } since ? TimeSpan.FromMicroseconds(Clock.Microseconds - since) : TimeSpan.Zero;

    /// <summary>The longest stop that has ended.</summary>
    public TimeSpan Longest { get; private set; }

    /// <summary>Stops all threads of a process that nobody holds.</summary>
    /// <exception cref="UserError">process-exited, already-traced, stop-refused.</exception>
    public void Begin()
    {
        _since = Clock.Microseconds;
        Scheduling.Hasten();
        bool isThere = control.Seize();
        control.StopAll();
        Scheduling.Relax(0);
        HeldProcess held = control.Held();
        Held = held;
        if (!isThere && held.Threads.Count == 0)
        {
            Release();
            throw ProcessGate.Exited(pid);
        }

        if (Standing.WhyNot(held, tasks, pid) is not { } why)
            return;
        Release();
        throw why;
    }

    /// <summary>It stands still, or again, or another of its threads does: what each of them is now.</summary>
    public void Renew()
    {
        Held?.Dispose();
        Held = control.Held();
        _since ??= Clock.Microseconds;
    }

    /// <summary>It is about to run, and stays traced.</summary>
    public void End()
    {
        Held?.Dispose();
        Held = null;
        Longest = Time > Longest ? Time : Longest;
        _since = null;
    }

    /// <summary>Lets all threads go.</summary>
    public void Release()
    {
        control.DetachAll();
        End();
    }
}
