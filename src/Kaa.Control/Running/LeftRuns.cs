using Kaa.Control.Agent;
using Kaa.Control.Remote;
using Kaa.Formats;
using Kaa.Formats.ProcText;
using Kaa.Linux.Looking;
using Kaa.Linux.Memory;
using Kaa.Linux.Proc;
using Kaa.Linux.Registers;

namespace Kaa.Control.Running;

/// <summary>What a <c>kaa exec</c> that was killed has left in a process: regions (<see cref="RunRegion"/>), and files in memory.</summary>
internal static class LeftRuns
{
    private const int Close = 3;
    private const int Unmap = 11;
    private const int Slots = 2;
    private static readonly string Link = "/memfd:" + System.Text.Encoding.ASCII.GetString(RunRegion.Name);

    /// <summary>Regions of runs. The page of code is the last of its mapping, as what lies behind it is not executable.</summary>
    public static List<Address> Find(IReadOnlyList<Mapping> mappings, IMemory memory)
    {
        var found = new List<Address>();
        Span<byte> mark = stackalloc byte[X64Runner.Mark.Length];
        foreach (Mapping mapping in mappings)
        {
            if (mapping.Path.Length == 0 && mapping.Can(MappingAccess.Execute) && !mapping.Can(MappingAccess.Shared) && mapping.Length >= X64Runner.CodeSize
                && memory.TryReadExactly(mapping.End, mark) && mark.SequenceEqual(X64Runner.Mark))
                found.Add(mapping.End - X64Runner.CodeSize);
        }

        return found;
    }

    /// <summary>Descriptors of the process that are files of runs.</summary>
    public static List<int> Files(int tid) => OpenDescriptors.Find(ProcRoot.System, tid, Link);

    /// <summary>A program that closes all descriptors, and opens others, has something else there.</summary>
    public static bool IsFile(int tid, int number) => OpenDescriptors.Is(ProcRoot.System, tid, number, Link);

    /// <summary>Takes away what no thread is in and none can come to any more. Gives how many regions there were, and how many are left.</summary>
    public static (int Taken, int Left) Remove(AgentProcess process, HeldProcess held, IReadOnlyList<Address> regions, IReadOnlyList<int> files)
    {
        int taken = 0;
        int left = 0;
        foreach (Address region in regions)
        {
            bool isFree = !IsPromised(process.Patch, region) && !IsEntered(process, held, region);
            bool isTaken = isFree && new RemoteWork(process).TryMake(held, [new RemoteCall(Unmap, region.Value, X64Runner.Size)]) is [0];
            taken += isTaken ? 1 : 0;
            left += isTaken ? 0 : 1;
        }

        // Code that still runs closes its own.
        foreach (int file in left == 0 ? files : [])
        {
            if (IsFile(process.Tid, file))
                _ = new RemoteWork(process).TryMake(held, [new RemoteCall(Close, (ulong)file)]);
        }

        return (taken, left);
    }

    /// <summary>Its code runs, waits in the interpreter's queue of calls, or a thread waits to be put back.</summary>
    private static bool IsPromised(TargetPatch patch, Address region)
    {
        for (int number = 0; number < Slots; number++)
        {
            if (Word(patch, region, number, X64Runner.StateOffset) is not { } state || Word(patch, region, number, X64Runner.PhaseOffset) is not { } phase
                || Word(patch, region, number, X64Runner.ModeOffset) is not { } mode)
                return true;
            bool isQueued = mode == (int)RunnerMode.AddPending && phase > 0 && state != X64Runner.DoneState;
            if (state == X64Runner.RunningState || isQueued)
                return true;
        }

        return false;
    }

    /// <summary>A thread's program counter is in it, or a word on its stack leads there.</summary>
    private static bool IsEntered(AgentProcess process, HeldProcess held, Address region)
    {
        foreach (ThreadSight sight in held.Threads)
        {
            if (sight.ToThread().InstructionPointer is { } rip && X64Runner.Contains(region, rip.Value))
                return true;
        }

        return new StoppedThreads(held, process.Target).FindExpected([(region, X64Runner.CodeSize)]).Count > 0;
    }

    private static int? Word(TargetPatch patch, Address region, int number, int offset)
    {
        Span<byte> word = stackalloc byte[sizeof(int)];
        return patch.TryRead(X64Runner.Slot(region, number) + offset, word) ? System.Buffers.Binary.BinaryPrimitives.ReadInt32LittleEndian(word) : null;
    }
}
