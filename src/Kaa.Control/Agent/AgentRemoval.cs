using System.Runtime.InteropServices;
using Kaa.Control.Cores;
using Kaa.Control.Running;
using Kaa.Control.Remote;
using Kaa.Formats;
using Kaa.Linux.Looking;
using Kaa.Linux.Memory;
using Kaa.Linux.Processes;
using Kaa.Linux.Registers;
using Kaa.Results;

namespace Kaa.Control.Agent;

/// <summary>Takes back what any Kaa has left in a process: agents and their hooks, copies of <c>kaa core</c>, the code that makes calls.</summary>
public static class AgentRemoval
{
    private const int SpareSize = 32;
    private const int MostCopies = 1_000;

    /// <summary>What was found and done.</summary>
    /// <param name="Agents">Agents in the process that were switched off; more than one where an earlier Kaa was of another version.</param>
    /// <param name="Off">Agents that were off already.</param>
    /// <param name="Restored">Places in the code that have the program's own bytes again.</param>
    /// <param name="Foreign">Places that somebody else has written to since: left as they are.</param>
    /// <param name="Copies">Ended copies of <c>kaa core</c> that the process has taken note of.</param>
    /// <param name="CopiesLeft">Those that it could not be made to.</param>
    /// <param name="HadCalls">The code that makes system calls was there, and is gone.</param>
    /// <param name="Runs">Memory of a <c>kaa exec</c> that was killed, given back.</param>
    /// <param name="RunsLeft">The same where its code still runs, or waits to.</param>
    /// <param name="Files">Descriptors of such runs, closed.</param>
    public readonly record struct Result(int Agents, int Off, int Restored, int Foreign, int Copies, int CopiesLeft, bool HadCalls, int Runs, int RunsLeft, int Files);

    /// <param name="held">Of a caller that holds the process already, on this thread; null where it is to be stopped.</param>
    /// <param name="pause">Longest time that any thread stood still, in microseconds.</param>
    /// <param name="takesUsed">An agent that another Kaa is at work by is taken from it.</param>
    /// <exception cref="UserError">agent-owned: there is such a Kaa; as of <see cref="AgentSession.Attach(Kaa.Linux.LiveTarget, AgentOptions)"/>.</exception>
    public static void Remove(int pid, HeldProcess? held, out long pause, out Result result, bool takesUsed = true)
    {
        using AgentProcess process = AgentProcess.Open(pid, held);
        List<LeftAgent> agents = LeftAgent.Find(process.Target.Mappings, process.Patch);
        if (!takesUsed)
            AgentOwner.RequireNone(agents, process);
        List<int> copies = held is null ? LeftCopies.Find(AgentProcess.Proc, pid) : [];
        bool hadCalls = IsThere(process);

        // Whoever holds the process already does not have its mutex: another Kaa may be running code in it.
        List<Address> runs = held is null ? LeftRuns.Find(process.Target.Mappings, process.Target.Glance()) : [];
        List<int> files = held is null ? LeftRuns.Files(process.Tid) : [];
        int off = agents.Count(agent => !IsOn(agent, process.Patch));
        Result found = new(agents.Count - off, off, 0, 0, 0, copies.Count, false, 0, 0, 0);
        if (agents.Count > 0 || copies.Count > 0 || hadCalls || runs.Count > 0 || files.Count > 0)
        {
            process.Hold(stopped =>
            {
                foreach (LeftAgent agent in agents)
                {
                    (int some, int others) = LeftCode.Restore(agent, process.Patch);
                    found = found with { Restored = found.Restored + some, Foreign = found.Foreign + others };
                    TakeHandler(process, stopped, agent);
                }

                int reaped = Reap(process, stopped, copies);
                (int taken, int left) = LeftRuns.Remove(process, stopped, runs, files);
                found = found with { Copies = reaped, CopiesLeft = copies.Count - reaped, Runs = taken, RunsLeft = left, HadCalls = TryClear(process, stopped) && hadCalls };
            });
            foreach (LeftAgent agent in agents)
                Silence(agent, process);
        }

        pause = process.PauseMicroseconds;
        result = found with { Files = files.Count - (files.Count > 0 ? LeftRuns.Files(process.Tid).Count : 0) };
    }

    private static int Reap(AgentProcess process, HeldProcess held, List<int> copies)
    {
        int reaped = 0;
        foreach (int pid in copies)
        {
            if (reaped < MostCopies && new RemoteWork(process).TryMake(held, [ForkCalls.Reap(pid)]) is [var result] && result == pid)
                reaped++;
        }

        return reaped;
    }

    private static bool IsThere(AgentProcess process)
    {
        byte[] mark = new byte[X64CallStub.Mark.Length];
        return process.Room is { } room && process.Patch.TryRead(room.Stub, mark) && X64CallStub.Mark.SequenceEqual(mark);
    }

    /// <summary>There was nothing but zeros before.</summary>
    private static bool TryClear(AgentProcess process, HeldProcess held)
    {
        if (process.Room is not { } room || !IsThere(process))
            return false;
        bool isTaken = new Borrowing(process.Target, process.Tasks, process.Patch, room).IsRoomTaken(held.Threads);
        return !isTaken && process.Patch.TryWrite(room.Stub, new byte[X64CallStub.Size]);
    }

    private static void TakeHandler(AgentProcess process, HeldProcess held, LeftAgent agent)
    {
        if (agent.Header.trap_handler != 1 || !agent.IsSame || IsTrapUnderWay(process, held))
            return;

        // Zeros say SIG_DFL. The state's page has some behind its words.
        Address zeros = new Address(agent.Header.state) + 1024;
        byte[] bytes = new byte[SpareSize];
        if (process.Patch.TryRead(zeros, bytes) && !bytes.AsSpan().ContainsAnyExcept((byte)0)
            && new RemoteWork(process).TryMake(held, [AgentTraps.Uninstall(zeros)]) is [0] && agent.IsOwn)
            Write(process.Patch, agent.Mapping.Start + AgentWords.TrapHandlerOffset, 0u);
    }

    private static bool IsOn(LeftAgent agent, TargetPatch patch)
    {
        ulong enabled = 1;
        return !patch.TryRead(new Address(agent.Header.state), MemoryMarshal.AsBytes(new Span<ulong>(ref enabled))) || enabled != 0;
    }

    private static void Silence(LeftAgent agent, AgentProcess process)
    {
        Write(process.Patch, new Address(agent.Header.state), 0ul);
        if (!agent.IsOwn || !agent.IsSame)
            return;
        using var memory = new AgentMemory(null, process.Patch, agent.Mapping.Start);
        LeftCode.Forget(agent, memory);
        memory.WriteHalf(AgentWords.OwnerOffset, 0);
    }

    /// <summary>A thread has met an int3 that was there until now, and its SIGTRAP is still to come: the handler must be there for it.</summary>
    private static bool IsTrapUnderWay(AgentProcess process, HeldProcess held)
    {
        const int Trap = 5; // SIGTRAP
        foreach (ThreadSight sight in held.Threads)
        {
            if (sight.Tracee is { Status: { Kind: StopKind.Signal, Signal: Trap } } || (process.Tasks.Status(sight.Tid) is { } status && (status.PendingSignals >> (Trap - 1) & 1) != 0))
                return true;
        }

        return false;
    }

    private static void Write<T>(TargetPatch patch, Address address, T value)
        where T : unmanaged => _ = patch.TryWrite(address, MemoryMarshal.AsBytes(MemoryMarshal.CreateReadOnlySpan(ref value, 1)));
}
