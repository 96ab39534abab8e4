using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Kaa.Control.Agent;
using Kaa.Control.Remote;
using Kaa.Control.Running;
using Kaa.Formats;
using Kaa.Formats.ProcText;
using Kaa.Linux;
using Kaa.Linux.Processes;
using Kaa.Linux.Registers;
using Kaa.Results;

namespace Kaa.Control.Leftovers;

/// <summary>Finds what an earlier Kaa left in a process, by the places and signs that a later Kaa goes by. Stops nothing, changes nothing.</summary>
public static class LeftoverSearch
{
    /// <summary>The name that the agent's shared memory has in maps.</summary>
    private const string AgentMapping = "/memfd:kaa-agent";

    /// <param name="children">Pids of those that may be left copies; null to look at all processes.</param>
    /// <exception cref="TargetFault">The process is gone.</exception>
    public static IReadOnlyList<Leftover> Find(LiveTarget target, IReadOnlyList<int>? children = null)
    {
        var found = new List<Leftover>();
        if (Copies(target, children) is { } copies)
            found.Add(copies);
        if (Calls(target) is { } calls)
            found.Add(calls);
        if (AgentOf(target) is { } agent)
            found.Add(agent);
        if (Runs(target) is { } runs)
            found.Add(runs);
        return found;
    }

    /// <summary>Of a <c>kaa core</c> that was killed: ended children, which only their parent can have go.</summary>
    private static Leftover? Copies(LiveTarget target, IReadOnlyList<int>? children)
    {
        List<int> copies = LeftCopies.Find(target.Proc, target.Pid, children);
        if (copies.Count == 0)
            return null;
        string pids = string.Join(", ", copies);
        return new Leftover(
            "leftover-copy", $"it has {(copies.Count == 1 ? "a child" : "children")} that a `kaa core` which was killed left behind, ended; the next `kaa core` of it takes them away",
            $"its children {pids} (in its own pid namespace): zombies without a signal to their parent, marked as copies", IsActive: true);
    }

    private static Leftover? Calls(LiveTarget target)
    {
        if (RemoteRoom.Find(target) is not { } room)
            return null;
        Span<byte> mark = stackalloc byte[X64CallStub.Mark.Length];
        return target.Glance().TryReadExactly(room.Stub, mark) && mark.SequenceEqual(X64CallStub.Mark)
            ? new Leftover(
                "leftover-calls", "behind the code of its C library lies the piece by which Kaa had it make system calls; nothing leads there, and the next Kaa uses it again",
                $"\"{System.Text.Encoding.ASCII.GetString(X64CallStub.Mark)}\" at {room.Stub}, behind the code of {room.Path}", IsActive: false)
            : null;
    }

    private static Leftover? AgentOf(LiveTarget target)
    {
        foreach (Mapping mapping in target.Mappings)
        {
            if (mapping.Path.StartsWith(AgentMapping, StringComparison.Ordinal) && mapping.Offset == 0)
                return Describe(target, mapping);
        }

        return null;
    }

    /// <summary>Of a <c>kaa exec</c> that was killed. One that is at work just now looks the same.</summary>
    private static Leftover? Runs(LiveTarget target)
    {
        List<Address> runs = LeftRuns.Find(target.Mappings, target.Glance());
        return runs.Count == 0 ? null : new Leftover(
            "leftover-run", string.Create(CultureInfo.InvariantCulture, $"it has {runs.Count * X64Runner.Size >> 10} KiB of a `kaa exec` that was killed, unless one is at work just now"),
            $"\"{System.Text.Encoding.ASCII.GetString(X64Runner.Mark)}\" behind the code at {string.Join(", ", runs)}", IsActive: true);
    }

    private static Leftover Describe(LiveTarget target, Mapping mapping)
    {
        string evidence = $"maps: {AgentMapping} at {mapping.Start}";
        IMemory memory = target.Glance();
        Span<byte> bytes = stackalloc byte[Unsafe.SizeOf<AgentHeader>()];
        if (!memory.TryReadExactly(mapping.Start, bytes) || MemoryMarshal.Read<AgentHeader>(bytes) is not { magic: AgentHeader.Magic } header)
            return new Leftover("leftover-agent", "memory of Kaa's agent is mapped in it; no agent is in place", evidence, IsActive: false);
        bool isOn = memory.TryRead(new Address(header.state), out uint enabled) && enabled != 0;
        evidence = string.Create(
            CultureInfo.InvariantCulture, $"{evidence}, protocol {header.protocol}, {Quantity.Of(header.hook_count, "hook")}, {(isOn ? "on" : "off")}, owner: {(header.owner == 0 ? "none" : header.owner)}");
        string state = isOn ? "is switched on: functions of the program pass through it, unless a Kaa is at work just now" : "is switched off";
        return new Leftover("leftover-agent", "Kaa's agent is mapped in it and " + state, evidence, isOn);
    }
}
