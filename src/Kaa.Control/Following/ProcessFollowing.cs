using System.Collections.Concurrent;
using Kaa.Control.Agent;
using Kaa.Formats;
using Kaa.Linux.Calls;
using Kaa.Linux.Launching;
using Kaa.Linux.Looking;
using Kaa.Results;

namespace Kaa.Control.Following;

/// <summary>
/// A program and what comes of it: whoever of its threads makes a child, or becomes another program, waits at a gate (<see cref="ProcessGates"/>) until somebody goes along, and the new process stands still until it
/// has been taken up. Methods are for one thread; each departure has one of its own, as what a thread traces belongs to it.
/// </summary>
internal sealed class ProcessFollowing<T>(IFollower<T> follower, bool followsChildren)
    where T : FollowedProcess
{
    private const int Stack = 1 << 20;

    private readonly ConcurrentQueue<(T? New, T? Former)> _arrivals = new();
    private int _underWay;

    /// <summary>The process that was asked for.</summary>
    public int Pid { get; set; }

    /// <summary>Exit status of the program, or 128 and the signal that ended it, where it ended before it could be taken up.</summary>
    public int? EarlyEnd { get; private set; }

    /// <summary>Nobody is gone along with any more.</summary>
    public bool IsEnding { get; set; }

    /// <summary>Somebody has arrived, or another program has taken a process's place, and <see cref="TryAdmit"/> was not asked yet.</summary>
    public bool HasArrivals => !_arrivals.IsEmpty;

    /// <summary>Somebody is between his parent and <see cref="TryAdmit"/>.</summary>
    public bool IsAnyUnderWay => System.Threading.Volatile.Read(ref _underWay) > 0 || HasArrivals;

    /// <summary>Starts a program, and takes it up at its first instruction.</summary>
    /// <exception cref="UserError">As of <see cref="Launcher.Start"/>.</exception>
    public void Launch(IReadOnlyList<string> command) => TracerThread.Run(
        () =>
        {
            Pid = Launcher.Start(new LaunchRequest(command, OwnGroup: false), PTrace.MarkCalls);
            try
            {
                Begin(Pid, isProgram: true, former: null);
            }
            catch (UserError e)
            {
                // It runs on without Kaa, as it was asked for.
                follower.TellNotFollowed(e);
            }
        },
        () => { });

    /// <summary>Goes along with a thread that waits at a gate.</summary>
    public void Depart(T process, AgentEvent made)
    {
        AgentSession agent = process.Agent;
        if (IsEnding || agent.TidOf(made) is not { } tid)
        {
            agent.Release(made);
            return;
        }

        System.Threading.Interlocked.Increment(ref _underWay);
        process.BeginDeparture();
        var departure = new Departure(agent, made, process.Pid, tid, followsChildren);
        new System.Threading.Thread(() => Go(process, departure), Stack) { Name = "follow", IsBackground = true }.Start();
    }

    /// <summary>The next one that has arrived. False where there is none, or threads of its former program are still under way.</summary>
    /// <param name="arrived">Null where it could not be taken up, or has ended.</param>
    /// <param name="former">What has come to its end by that; null where nothing has.</param>
    public bool TryAdmit(out T? arrived, out T? former)
    {
        (arrived, former) = (null, null);
        if (!_arrivals.TryPeek(out (T? New, T? Former) next) || next.Former?.IsBeingLeft == true)
            return false;
        _ = _arrivals.TryDequeue(out _);
        (arrived, former) = next;
        return true;
    }

    private void Go(T process, Departure departure)
    {
        try
        {
            if (departure.Follow(out bool isProgram) is { } pid)
                Begin(pid, isProgram, pid == process.Pid ? process : null);
        }
        catch (Exception e) when (e is UserError or TargetFault or IOException)
        {
            follower.TellNotFollowed(e);
        }
        finally
        {
            process.EndDeparture();
            System.Threading.Interlocked.Decrement(ref _underWay);
        }
    }

    /// <summary>On the thread that traces it.</summary>
    private void Begin(int pid, bool isProgram, T? former)
    {
        T? process = null;
        try
        {
            if (former is not null && follower.IsLast(former))
            {
                _ = PTrace.Detach(pid, 0);
                return;
            }

            process = HeldBeginning.Begin(pid, isProgram, (target, python, held) => follower.Begin(target, python, held, isProgram, former), out WaitStatus? end);
            if (pid == Pid && end is { } early)
                EarlyEnd = early.Exit;
        }
        finally
        {
            _arrivals.Enqueue((process, former));
        }
    }
}
