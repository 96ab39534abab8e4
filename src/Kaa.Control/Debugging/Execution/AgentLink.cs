using System.Numerics;
using Kaa.Control.Agent;
using Kaa.Formats;
using Kaa.Linux.Calls;
using Kaa.Linux.Looking;
using Kaa.Linux.Proc;
using Kaa.Linux.Registers;
using Kaa.Python;
using Kaa.Results;

namespace Kaa.Control.Debugging.Execution;

/// <summary>The agent of a process that is debugged; put in with the first breakpoint. On the thread that traces.</summary>
internal sealed class AgentLink(LiveInferior inferior)
{
    private const int RingBytes = 64 << 10; // threads wait; nothing is recorded
    private const int StackBytes = 1 << 20;
    private const int Trap = 5; // SIGTRAP

    private readonly List<StepPiece> _pieces = [];
    private AgentSession? _agent;
    private int _untaught;

    /// <summary>Takes over the agent that a Kaa which was killed has left, and takes back what that had put into the code.</summary>
    public void TakeOver(HeldProcess held)
    {
        if (AgentSession.IsIn(inferior.Live))
            Attach(held);
    }

    /// <summary>The next thread that has come to a hook and waits there; null where there is none.</summary>
    public AgentEvent? Next() => _agent is { } agent && agent.TryRead(out AgentEvent? made) ? made : null;

    /// <summary>Until there is a next one, or the time is up.</summary>
    public void Sleep(int microseconds)
    {
        if (_agent is { } agent)
            agent.Sleep(TimeSpan.FromMicroseconds(microseconds));
        else
            Clock.Sleep(microseconds);
    }

    /// <summary>Lets it go on.</summary>
    public void Release(AgentEvent made) => _agent?.Release(made);

    /// <summary>It has not gone on.</summary>
    public bool IsWaiting(AgentEvent made) => _agent?.IsWaiting(made) == true;

    /// <summary>It was taken out of its wait.</summary>
    public void Forget(AgentEvent made) => _agent?.Forget(made);

    /// <summary>The thread's id as seen from here; 0 where it is gone.</summary>
    public int TidOf(AgentEvent made) => inferior.Live.Info.ContainerPid is null ? made.NamespaceTid : _agent?.TidOf(made) ?? 0;

    /// <summary>Empty where the agent has not walked them.</summary>
    public IReadOnlyList<PythonFrame> Frames(AgentEvent made)
    {
        if (made.StackId != 0)
            return _agent?.Frames(made, out _) ?? [];
        TeachPython();
        return [];
    }

    /// <summary>The agent of a program that was started here is older than its interpreter. It may be too early still: then it is tried again, more and more seldom.</summary>
    private void TeachPython()
    {
        if (_agent is not { KnowsPython: false } agent || inferior.Python is not { } python || !BitOperations.IsPow2(++_untaught))
            return;
        try
        {
            _ = agent.Teach(python);
        }
        catch (UserError)
        {
            // Kaa goes on to walk them itself.
        }
    }

    /// <summary>Hooks, each for an address and what the agent asks there. Those that could not be armed say why.</summary>
    /// <exception cref="UserError">Those of <see cref="AgentSession.Attach(Linux.LiveTarget, AgentOptions)"/>.</exception>
    public IReadOnlyList<HookHandle> Add(HeldProcess held, IReadOnlyDictionary<ulong, string> filters)
    {
        var hooks = new List<HookHandle>(filters.Count);
        if (filters.Count == 0)
            return hooks;
        AgentSession agent = Attach(held);
        foreach ((ulong address, string filter) in filters)
            hooks.Add(agent.Add(RequestFor(new Address(address), filter)));
        agent.Arm(held);
        return hooks;
    }

    private static HookRequest RequestFor(Address address, string filter) => filter == StopFilter.Counted
        ? new HookRequest { Address = address, Action = HookAction.Count, WantsStack = false }
        : new HookRequest { Address = address, Action = HookAction.Park, Condition = StopFilter.Compile(filter), WantsStack = StopFilter.WantsStack(filter) };

    /// <summary>How often threads have come there.</summary>
    public ulong? Hits(HookHandle hook) => _agent?.Counters(hook).Hits;

    public void Remove(HeldProcess held, IReadOnlyList<HookHandle> hooks)
    {
        if (_agent is not { } agent || hooks.Count == 0)
            return;
        foreach (HookHandle hook in hooks)
            agent.Remove(hook);
        agent.Arm(held);
    }

    /// <summary>Where a thread goes on that has met an int3 which any Kaa has ever put there.</summary>
    public ulong? FindTrap(ulong address) => _agent?.FindTrap(new Address(address))?.Value;

    /// <summary>Where a thread goes on that meets an int3 at the address.</summary>
    /// <param name="hook">Why there is no hook.</param>
    /// <exception cref="UserError">breakpoint-refused, and those of <see cref="AgentSession.Attach(Linux.LiveTarget, AgentOptions)"/>.</exception>
    public ulong Prepare(HeldProcess held, Address address, HookRefusal hook)
    {
        string place = $"Cannot insert a breakpoint at 0x{address.Value:x}: there is no room for a jump, because {hook.Message}; and no int3 can be there, because ";

        // The kernel then takes the handler away that passes an int3 when Kaa is gone (force_sig_info_to_task, kernel/signal.c).
        foreach (ThreadSight sight in held.Threads)
        {
            if (inferior.Tasks.Status(sight.Tid) is { } status && (status.BlockedSignals >> (Trap - 1) & 1) != 0)
                throw new UserError("breakpoint-refused", place + $"thread {sight.Tid} blocks SIGTRAP: a Kaa that is killed would take the process with it", "break at the function's entry, or at another instruction");
        }

        if (Attach(held).AddTrap(held, address, out HookRefusal? refusal) is { } detour)
            return detour.Value;
        throw new UserError("breakpoint-refused", place + refusal?.Message);
    }

    /// <summary>A place where one instruction can be run from which nobody is expected back; null with a reason where there is none.</summary>
    public StepPiece? TakeStepPiece(Func<HeldProcess> held, Address near, out HookRefusal? refusal)
    {
        refusal = null;
        foreach (StepPiece piece in _pieces)
        {
            if (!piece.IsTaken && Math.Abs(piece.Address - near) < (long)HookTable.Reach)
                return piece;
        }

        if (Attach(held()).AddStepPiece(held(), near, out refusal) is not { } made)
            return null;
        var added = new StepPiece(made.Hook, made.Piece);
        _pieces.Add(added);
        return added;
    }

    /// <summary>A thread there is in Kaa's code.</summary>
    public bool IsInside(ulong address) => _agent?.Places.Contains(new Address(address)) == true;

    /// <summary>In that part of it which lies near the program's code.</summary>
    public bool IsInIsland(ulong address) => _agent?.Places.IsInIsland(new Address(address)) == true;

    /// <summary>All is as before.</summary>
    public void Detach(HeldProcess held)
    {
        _agent?.Detach(held);
        _agent?.Dispose();
        Forget();
    }

    /// <summary>Another program runs there: nothing is left of it.</summary>
    public void Abandon()
    {
        _agent?.Abandon();
        Forget();
    }

    private void Forget()
    {
        _agent = null;
        _pieces.Clear();
        _untaught = 0;
    }

    private AgentSession Attach(HeldProcess held)
    {
        if (_agent is { } known)
            return known;
        var options = new AgentOptions { Python = inferior.Python, FindsPython = false, RingBytes = RingBytes, StackBytes = StackBytes };
        AgentSession agent = AgentSession.Attach(inferior.Live, options, held);
        _agent = agent;

        // What a killed Kaa's threads have left as taken.
        if (held.Threads.All(sight => sight.Conduct == ThreadConduct.Ended || (sight.ToThread().InstructionPointer is { } rip && !agent.Places.Contains(rip))))
            agent.ForgetAll();
        return agent;
    }
}
