using Kaa.Formats;
using Kaa.Linux;
using Kaa.Linux.Looking;
using Kaa.Results;

namespace Kaa.Control.Agent;

/// <summary>
/// An agent in a process, and the one Kaa that it listens to. Methods are for one thread at a time, but <see cref="TryRead"/>, <see cref="Wait"/>,
/// <see cref="Release"/> and <see cref="Frames"/> may be called by one other.
/// </summary>
public sealed class AgentSession : IDisposable
{
    /// <summary>Longest time that any thread stood still for this session, in microseconds.</summary>
    public long PauseMicroseconds { get; private set; }

    /// <summary>True where an earlier Kaa's agent was found and taken over.</summary>
    public bool IsReused { get; private set; }

    /// <summary>Puts the agent in, or takes over the one that is there. Stops all threads once. Whatever hooks an earlier Kaa left are taken back.</summary>
    /// <exception cref="UserError">
    /// agent-refused (shadow stack, strict seccomp, a filter that forbids a call that is needed, no hole, no thread to borrow), agent-foreign, agent-owned,
    /// already-traced, busy, stop-refused, process-exited, target-replaced.
    /// </exception>
    public static AgentSession Attach(LiveTarget target, AgentOptions options) => throw new NotImplementedException();

    /// <summary>The same for a caller that holds the process already, a debugger; on the thread that traces.</summary>
    public static AgentSession Attach(LiveTarget target, AgentOptions options, HeldProcess held) => throw new NotImplementedException();

    /// <summary>Prepares a hook; it is armed by the next <see cref="Arm()"/>.</summary>
    public HookHandle Add(HookRequest request) => throw new NotImplementedException();

    /// <summary>
    /// Arms what was added, and takes away what was removed, in one stop of all threads. A hook that can't be armed has its
    /// <see cref="HookHandle.Refusal"/>.
    /// </summary>
    /// <exception cref="UserError">As of <see cref="Attach"/>.</exception>
    public void Arm() => throw new NotImplementedException();

    /// <summary>The same for a caller that holds the process already; on the thread that traces.</summary>
    public void Arm(HeldProcess held) => throw new NotImplementedException();

    /// <summary>Takes a hook away at the next <see cref="Arm()"/>; from now on it does nothing, and threads that wait at it go on.</summary>
    public void Remove(HookHandle hook) => throw new NotImplementedException();

    /// <summary>The next event, in the order in which they were made; those of threads that wait come first.</summary>
    public bool TryRead([System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out AgentEvent? made) => throw new NotImplementedException();

    /// <summary>Waits until there is an event; false where the time is up, or the process is gone.</summary>
    public bool Wait(TimeSpan time) => throw new NotImplementedException();

    /// <summary>Lets the thread of a <see cref="HookAction.Park"/> event go on.</summary>
    public void Release(AgentEvent parked) => throw new NotImplementedException();

    public AgentCounters Counters(HookHandle hook) => throw new NotImplementedException();

    /// <summary>Events for which there was no room, at any hook.</summary>
    public ulong Lost => throw new NotImplementedException();

    /// <summary>Python frames of an event, innermost first, with exact lines; empty where it has none.</summary>
    /// <param name="omitted">How many outer ones were left out by <see cref="HookRequest.MostFrames"/>.</param>
    public IReadOnlyList<PythonFrame> Frames(AgentEvent made, out int omitted) => throw new NotImplementedException();

    /// <summary>The thread's id as seen from here; null where it is gone.</summary>
    public int? TidOf(AgentEvent made) => throw new NotImplementedException();

    /// <summary>True where the address lies in what Kaa has put into the process: a thread there is at a hook.</summary>
    public bool Contains(Address address) => throw new NotImplementedException();

    /// <summary>
    /// For breakpoints by int3: where a thread goes on that meets it when no debugger is there (its instruction, elsewhere). The SIGTRAP handler is
    /// installed with the first one. To be called before the int3 is written; null where the instruction can't be run elsewhere, or the program
    /// has a handler of its own.
    /// </summary>
    public Address? AddTrap(HeldProcess held, Address address, out HookRefusal? refusal) => throw new NotImplementedException();

    /// <summary>After the int3 is gone.</summary>
    public void RemoveTrap(Address address) => throw new NotImplementedException();

    /// <summary>Takes everything back: all bytes of code as before, nothing listens. What threads may still be in stays mapped.</summary>
    public void Detach() => throw new NotImplementedException();

    /// <summary>The same for a caller that holds the process already; on the thread that traces.</summary>
    public void Detach(HeldProcess held) => throw new NotImplementedException();

    /// <summary>Detaches, if that was not done.</summary>
    public void Dispose()
    {
    }
}
