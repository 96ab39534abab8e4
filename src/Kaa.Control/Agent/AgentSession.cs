using System.Diagnostics.CodeAnalysis;
using Kaa.Formats;
using Kaa.Linux;
using Kaa.Linux.Calls;
using Kaa.Linux.Looking;
using Kaa.Linux.Proc;
using Kaa.Python;
using Kaa.Python.Recorded;
using Kaa.Results;

namespace Kaa.Control.Agent;

/// <summary>
/// An agent in a process, and the one Kaa that it listens to. Methods are for one thread at a time, but <see cref="TryRead"/>, <see cref="Wait"/>,
/// <see cref="Release"/> and <see cref="Frames"/> may be called by one other.
/// </summary>
public sealed class AgentSession : IDisposable
{
    private static readonly TimeSpan s_slice = TimeSpan.FromMilliseconds(5);

    private readonly int _pid;
    private readonly AgentMemory _memory;
    private readonly HookTable _table;
    private readonly Heartbeat _heartbeat;
    private readonly SessionHooks _hooks;
    private readonly EventReader _events;
    private readonly EventStacks _stacks;
    private readonly AgentTraps _traps;
    private readonly NamespaceTids _tids;
    private readonly ulong _lostBefore; // in earlier sessions of the same agent
    private bool _isOver;
    private bool _isAbandoned;
    private bool _isGivenUp;

    private AgentSession(int pid, AgentMemory memory, PythonProcess? python, FrameWalk? walk)
    {
        _pid = pid;
        _memory = memory;
        _table = new HookTable(memory);
        _heartbeat = new Heartbeat(memory);
        _hooks = new SessionHooks(pid, _table);
        _events = new EventReader(memory, _hooks.Find);
        _stacks = new EventStacks(memory, python, walk);
        _traps = new AgentTraps(memory, _table);
        _tids = new NamespaceTids(pid);
        Places = new AgentPlaces(_table, _hooks);
        _lostBefore = memory.ReadWord(AgentWords.LostOffset);
    }

    /// <summary>Longest time that any thread stood still for this session, in microseconds.</summary>
    public long PauseMicroseconds => Math.Max(InstallationMicroseconds, _hooks.PauseMicroseconds);

    private long InstallationMicroseconds { get; init; }

    /// <summary>True where an earlier Kaa's agent was found and taken over.</summary>
    public bool IsReused { get; private init; }

    /// <summary>Events for which there was no room, at any hook.</summary>
    public ulong Lost => _memory.ReadWord(AgentWords.LostOffset) - _lostBefore + _events.Torn;

    /// <summary>Puts the agent in, or takes over the one that is there. Stops all threads once. Whatever hooks an earlier Kaa left are taken back.</summary>
    /// <exception cref="UserError">
    /// agent-refused (shadow stack, strict seccomp, a filter that forbids a call that is needed, no hole, no thread to borrow), agent-owned,
    /// already-traced, busy, stop-refused, process-exited, target-replaced.
    /// </exception>
    public static AgentSession Attach(LiveTarget target, AgentOptions options) => AttachTo(target, options, null);

    /// <summary>The same for a caller that holds the process already, a debugger; on the thread that traces.</summary>
    /// <exception cref="UserError">As of <see cref="Attach(LiveTarget, AgentOptions)"/>.</exception>
    public static AgentSession Attach(LiveTarget target, AgentOptions options, HeldProcess held) => AttachTo(target, options, held);

    private static AgentSession AttachTo(LiveTarget target, AgentOptions options, HeldProcess? held)
    {
        int pid = target.Info.Pid!.Value;
        PythonProcess? python = options.Python ?? (options.FindsPython ? FindPython(target) : null);
        FrameWalk? walk = python is null ? null : FrameWalk.Of(python);
        AgentMemory memory = AgentInstallation.Install(pid, options with { Python = python }, walk, held, out bool isReused, out long pause);
        return new AgentSession(pid, memory, python, walk) { IsReused = isReused, InstallationMicroseconds = pause };
    }

    /// <summary>Prepares a hook; it is armed by the next <see cref="Arm()"/>. At an address that has one already it takes its place there.</summary>
    public HookHandle Add(HookRequest request) => _hooks.Add(request);

    /// <summary>
    /// Arms what was added, and takes away what was removed, in one stop of all threads. A hook that can't be armed has its
    /// <see cref="HookHandle.Refusal"/>.
    /// </summary>
    /// <exception cref="UserError">As of <see cref="Attach(LiveTarget, AgentOptions)"/>.</exception>
    public void Arm() => _hooks.Arm();

    /// <summary>The same for a caller that holds the process already; on the thread that traces. What a thread is in the way of has a refusal with code busy.</summary>
    /// <param name="held">Null for a caller that does not: as <see cref="Arm()"/>.</param>
    public void Arm(HeldProcess? held) => _hooks.Arm(held);

    /// <summary>Takes a hook away at the next <see cref="Arm()"/>; from now on it does nothing, and threads that wait at it go on.</summary>
    public void Remove(HookHandle hook)
    {
        if (_hooks.Remove(hook))
            _events.WakeAll();
    }

    /// <summary>The next event, in the order in which they were made; those of threads that wait come first.</summary>
    public bool TryRead([NotNullWhen(true)] out AgentEvent? made)
    {
        made = _events.TryRead();
        return made is not null;
    }

    /// <summary>Waits until there is an event; false where the time is up, or the process is gone.</summary>
    public bool Wait(TimeSpan time)
    {
        long end = Clock.Microseconds + (long)Math.Min(time.TotalMicroseconds, long.MaxValue / 4);
        while (!_events.HasAny)
        {
            long left = end - Clock.Microseconds;
            if (left <= 0 || !IsAlive)
                return _events.HasAny;
            _events.Sleep(left < s_slice.TotalMicroseconds ? TimeSpan.FromMicroseconds(left) : s_slice);
        }

        return true;
    }

    /// <summary>Until there is an event, or the time is up; may end early.</summary>
    internal void Sleep(TimeSpan time) => _events.Sleep(time);

    /// <summary>False once the process has ended. Events that it made before can still be read, where its memory is shared with Kaa.</summary>
    public bool IsAlive => _tids.IsAlive;

    /// <summary>Lets the thread of a <see cref="HookAction.Park"/> event go on.</summary>
    public void Release(AgentEvent parked) => _events.Release(parked);

    /// <summary>Since the hook was armed.</summary>
    public AgentCounters Counters(HookHandle hook)
    {
        if (hook.Number < 0)
            return default;
        AgentHook record = _memory.Read<AgentHook>(_table.OffsetOf(hook.Number));
        return new AgentCounters(record.hits, record.matches, record.unknown, record.lost, record.returns);
    }

    /// <summary>Python frames of an event, innermost first, with exact lines; empty where it has none.</summary>
    /// <param name="omitted">How many outer ones were left out by <see cref="HookRequest.MostFrames"/>.</param>
    public IReadOnlyList<PythonFrame> Frames(AgentEvent made, out int omitted) => _stacks.Find(made.StackId, out omitted);

    /// <summary>The thread's id as seen from here; null where it is gone.</summary>
    public int? TidOf(AgentEvent made) => _tids.Find(made.NamespaceTid);

    /// <summary>True while the process has a thread of that id, as it sees it.</summary>
    internal bool HasThread(int namespaceTid) => _tids.Find(namespaceTid) is not null;

    /// <summary>Which addresses of the process are Kaa's.</summary>
    public AgentPlaces Places { get; }

    /// <summary>
    /// For breakpoints by int3: where a thread goes on that meets it when no debugger is there (its instruction, elsewhere). The SIGTRAP handler is
    /// installed with the first one. To be called before the int3 is written; null where the instruction can't be run elsewhere, or the program
    /// has a handler of its own.
    /// </summary>
    /// <exception cref="UserError">agent-refused.</exception>
    public Address? AddTrap(HeldProcess held, Address address, out HookRefusal? refusal)
    {
        refusal = HookRefusal.Leaving;
        if (_hooks.IsLeaving(address))
            return null;
        using AgentProcess process = AgentProcess.Open(_pid, held);
        return _traps.Add(process, held, address, out refusal);
    }

    /// <summary>A piece in which one instruction after the other can be run (<see cref="Code.IslandPiece.BuildStep"/>). Null where there is none to be had.</summary>
    /// <exception cref="UserError">agent-refused.</exception>
    internal (HookHandle Hook, Address Piece)? AddStepPiece(HeldProcess held, Address near, out HookRefusal? refusal) => _hooks.AddStepPiece(held, near, out refusal);

    /// <summary>The thread of an event still waits with it, or has been released and not gone on yet.</summary>
    internal bool IsWaiting(AgentEvent parked) => _events.IsWaiting(parked);

    /// <summary>The thread of an event does not wait any more: it was taken to another place.</summary>
    internal void Forget(AgentEvent parked) => _events.Forget(parked);

    /// <summary>No thread waits, whatever a Kaa that was killed has left.</summary>
    internal void ForgetAll() => _events.ForgetAll();

    /// <summary>The process has begun to run another program: nothing of the agent is there.</summary>
    internal void Abandon()
    {
        if (_isOver)
            return;
        _isOver = _isAbandoned = true;
        _heartbeat.Dispose();
        _memory.Dispose();
        _tids.Dispose();
    }

    /// <summary>True where an agent is mapped: this Kaa's, or what another one has left.</summary>
    public static bool IsIn(LiveTarget target)
    {
        foreach (Kaa.Formats.ProcText.Mapping mapping in target.Mappings)
        {
            if (LeftAgent.IsShared(mapping))
                return true;
        }

        return false;
    }

    /// <summary>Where a thread goes on that has met an int3 of Kaa's, of this one's or an earlier one's; null where there never was one.</summary>
    public Address? FindTrap(Address address) => _traps.Find(address);

    /// <summary>Takes everything back: all bytes of code as before, nothing listens. What threads may still be in stays mapped.</summary>
    /// <exception cref="UserError">The process can't be stopped: hooks stay, but do nothing.</exception>
    public void Detach() => Leave(null);

    /// <summary>The same for a caller that holds the process already; on the thread that traces.</summary>
    /// <exception cref="UserError">As of <see cref="Detach()"/>.</exception>
    public void Detach(HeldProcess held) => Leave(held);

    /// <summary>What is shared with the process: for what a session of another kind keeps there.</summary>
    internal AgentMemory Shared => _memory;

    /// <summary>Where the image lies in the process.</summary>
    internal Address Image => new(_table.Header.image);

    /// <summary>Where struct kaa_own lies in the process.</summary>
    internal Address Own => Image + AgentRegion.Image.own;

    /// <summary>Offset of struct kaa_memory; 0 for none.</summary>
    internal ulong Allocations => _table.Header.memory;

    /// <summary>It knows how Python's frames are walked.</summary>
    internal bool KnowsPython => _stacks.IsReady;

    /// <summary>Tells the agent how frames are walked, where it was put in before there was a Python. False where it is too early for that: no thread has a state yet.</summary>
    internal bool Teach(PythonProcess python) => LatePython.Teach(_pid, _memory, _stacks, python);

    /// <summary>Where the C library has a thread's id, found by the one thread that there is yet.</summary>
    internal void TeachThreadId(HeldProcess held) => LatePython.TeachThreadId(_pid, _memory, held);

    /// <summary>Changes words of data that point to functions, in one stop of all threads; <see cref="Detach()"/> takes them back. Gives how many were changed.</summary>
    /// <param name="caller">Null where the process is to be stopped for it.</param>
    /// <exception cref="UserError">As of <see cref="Attach(LiveTarget, AgentOptions)"/>.</exception>
    internal int Point(IReadOnlyList<(Address Word, ulong From, ulong To)> words, HeldProcess? caller) => _hooks.Point(words, caller);

    /// <summary>The process has ended, or runs another program: nothing of the agent is there, but what it has told can still be read.</summary>
    internal void Outlive()
    {
        if (_isOver)
            return;
        _isOver = true;
        _heartbeat.Dispose();
    }

    /// <summary>Another Kaa uses the agent: nothing of it is touched any more.</summary>
    internal void GiveUp()
    {
        Outlive();
        _isGivenUp = true;
    }

    private void Leave(HeldProcess? held)
    {
        if (_isOver)
            return;
        _isOver = true;
        _hooks.SwitchOff();
        try
        {
            if (IsAlive)
                AgentRemoval.Remove(_pid, held, out _, out _);
        }
        finally
        {
            _events.WakeAll();
            _heartbeat.Dispose();
        }
    }

    /// <summary>Detaches, if that was not done; a process that can't be stopped keeps hooks that do nothing.</summary>
    public void Dispose()
    {
        if (_isAbandoned)
            return;
        try
        {
            Detach();

            // What was not read by now is not wanted: the process has its memory back.
            if (!_isGivenUp)
                AgentInstallation.ForgetStacks(_memory);
        }
        catch (UserError)
        {
            // It is gone, or somebody else has it: the agent is without its heartbeat, so nobody waits.
        }
        finally
        {
            _memory.Dispose();
            _tids.Dispose();
        }
    }

    private static PythonProcess? FindPython(LiveTarget target)
    {
        try
        {
            return PythonProcess.Find(target, thorough: false);
        }
        catch (UserError)
        {
            return null;
        }
    }
}
