using System.Globalization;
using Kaa.Control.Remote;
using Kaa.Formats.ProcText;
using Kaa.Linux;
using Kaa.Linux.Access;
using Kaa.Linux.Calls;
using Kaa.Linux.Looking;
using Kaa.Linux.Memory;
using Kaa.Linux.Proc;
using Kaa.Linux.Processes;
using Kaa.Results;

namespace Kaa.Control.Agent;

/// <summary>A process as it is at the beginning of one change to it: mappings, threads, a way to write. Held by one Kaa at a time.</summary>
internal sealed class AgentProcess : IDisposable
{
    private readonly ProcessMutex? _mutex;
    private readonly HeldProcess? _given;
    private HeldProcess? _held;

    private AgentProcess(LiveTarget target, TaskDirectory tasks, TargetPatch patch, ProcessMutex? mutex, ProcessStatus status, int tid, HeldProcess? held)
    {
        Target = target;
        Tasks = tasks;
        Patch = patch;
        Tid = tid;
        NamespacePid = status.NamespacePids is [.., var inner] ? inner : status.Pid;
        _mutex = mutex;
        _given = held;
        Room = RemoteRoom.Find(target);
    }

    public static ProcRoot Proc => ProcRoot.System;

    public LiveTarget Target { get; }

    public TaskDirectory Tasks { get; }

    public TargetPatch Patch { get; }

    public int Pid => Target.Info.Pid!.Value;

    /// <summary>A thread that lives.</summary>
    public int Tid { get; }

    /// <summary>In the process's own pid namespace.</summary>
    public int NamespacePid { get; }

    public bool IsNested => Target.Info.ContainerPid is not null;

    /// <summary>Where calls are made from; null where no program has room.</summary>
    public RemoteRoom? Room { get; }

    /// <summary><see cref="Borrowing.AllowsSignalled"/>. False where it is soon tried again.</summary>
    public bool AllowsSignalled { get; set; } = true;

    /// <summary>Longest time that any thread stood still, in microseconds.</summary>
    public long PauseMicroseconds { get; private set; }

    /// <param name="held">Of a caller that holds the process already, on this thread; null where it is to be stopped for each change.</param>
    /// <exception cref="UserError">As of <see cref="LiveTarget.Open(int)"/>; already-traced, busy, agent-refused.</exception>
    public static AgentProcess Open(int pid, HeldProcess? held)
    {
        LiveTarget target = LiveTarget.Open(pid);
        TaskDirectory? tasks = null;
        ProcessMutex? mutex = null;
        try
        {
            ProcessStatus status = ProcessGate.RequireProcess(Proc, pid);
            int tid = ProcessGate.RequireLivingThread(Proc, status);
            tasks = TaskDirectory.Open(Proc, pid) ?? throw ProcessGate.Exited(pid);
            mutex = held is not null ? null : ProcessMutex.TryTake(pid, target.StartedAt ?? 0)
                ?? throw new UserError("busy", string.Create(CultureInfo.InvariantCulture, $"another Kaa is at work in process {pid}"), "wait until it is done");
            TargetPatch patch = TargetPatch.Open(Proc, tid) ?? throw Refused(RemoteHindrance.NotWritable);
            return new AgentProcess(target, tasks, patch, mutex, status, tid, held);
        }
        catch
        {
            mutex?.Dispose();
            tasks?.Dispose();
            target.Dispose();
            throw;
        }
    }

    public static UserError Refused(RemoteHindrance hindrance) => new(
        "agent-refused", "Kaa's agent can't be put into this process, because " + hindrance.Message, "kaa bt, kaa core and kaa doctor need no agent");

    /// <summary>
    /// Calls <paramref name="action"/> on a thread that traces, while all threads are held, but those that sleep in calls which an interrupt would end with EINTR:
    /// they may wake up at any time.
    /// </summary>
    /// <exception cref="UserError">process-exited, target-replaced, already-traced, stop-refused.</exception>
    public void Hold(Action<HeldProcess> action)
    {
        if (_given is { } held)
            action(held);
        else
            TracerThread.Run(() => HoldHere(action), () => System.Threading.Volatile.Read(ref _held)?.Tracer.BuryTheDead());
    }

    public void Dispose()
    {
        Patch.Dispose();
        Tasks.Dispose();
        Target.Dispose();
        _mutex?.Dispose();
    }

    private void HoldHere(Action<HeldProcess> action)
    {
        // An interrupt that is not repaired, because Kaa was killed, would be seen by those whose calls end with EINTR.
        using var held = new HeldProcess(Tasks, IsNested) { SparesSleepers = true };
        System.Threading.Volatile.Write(ref _held, held);
        try
        {
            if (!held.Stop())
                throw ProcessGate.Vanished(Proc, Pid);
            Standing.Require(held, Tasks, Pid);
            action(held);
        }
        finally
        {
            held.Release();
            PauseMicroseconds = Math.Max(PauseMicroseconds, held.Tracer.LongestMicroseconds);
        }
    }
}
