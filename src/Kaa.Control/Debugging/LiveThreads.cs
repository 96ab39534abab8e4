using System.Runtime.InteropServices;
using Kaa.Formats;
using Kaa.Linux.Controlling;
using Kaa.Linux.Looking;
using Kaa.Linux.Registers;
using Kaa.Results;
using Kaa.Target;
using Kaa.Target.Arch;
using KnownRegisters = Kaa.Target.Arch.X64Registers;
using Registers = Kaa.Linux.Registers.X64Registers;

namespace Kaa.Control.Debugging;

/// <summary>The threads of a live process as its debugger shows them. On the thread that traces.</summary>
internal static class LiveThreads
{
    /// <summary>All of a process that stands still, in the order of their numbers.</summary>
    /// <param name="numberOf">gdb's number of a thread.</param>
    /// <param name="before">As of the last stop: they keep the names that a user gave them.</param>
    public static List<InferiorThread> Read(HeldProcess held, ControlledProcess control, Func<int, int> numberOf, IReadOnlyList<InferiorThread> before)
    {
        var threads = new List<InferiorThread>(held.Threads.Count);
        foreach (ThreadSight sight in held.Threads)
        {
            if (sight.Conduct == ThreadConduct.Ended)
                continue;
            ControlledThread? controlled = control.Find(sight.Tid);
            threads.Add(new InferiorThread(numberOf(sight.Tid), Shown(sight, controlled), RegistersOf(sight, controlled)) { GivenName = NameOf(sight.Tid, before) });
        }

        threads.Sort((left, right) => left.Number.CompareTo(right.Number));
        return threads;
    }

    /// <summary>One that waits at a hook, while the others go on.</summary>
    /// <param name="number">0 where it has none yet.</param>
    /// <param name="registers">As the program has them at the hook.</param>
    public static InferiorThread Waiting(int number, ControlledThread thread, int namespaceTid, string? name, Registers registers)
    {
        var kernel = new TargetThread
        {
            Tid = thread.Tid,
            NamespaceTid = namespaceTid,
            Name = name,
            State = ThreadState.Running,
            StoppedByKaa = true,
            StackPointer = new Address(registers.Rsp),
            InstructionPointer = new Address(registers.Rip),
            Registers = registers.General(),
            ThreadPointer = new Address(registers.FsBase),
        };
        return new InferiorThread(number, kernel, FileOf(registers));
    }

    /// <summary>A thread that met an int3 of Kaa's stands, for its program, before the instruction that belongs there.</summary>
    private static TargetThread Shown(ThreadSight sight, ControlledThread? controlled)
    {
        TargetThread thread = sight.ToThread();
        return controlled is { Trap: { } address } ? thread with { InstructionPointer = new Address(address), Registers = controlled.Registers.General() } : thread;
    }

    private static X64RegisterFile RegistersOf(ThreadSight sight, ControlledThread? controlled)
    {
        if (sight is { IsStopped: true, Tracee.HasRegisters: true })
            return FileOf(controlled?.Registers ?? sight.Tracee.Registers);
        TargetThread thread = sight.ToThread();
        var known = new KnownRegisters();
        known[KnownRegisters.Rsp] = thread.StackPointer?.Value;
        known[KnownRegisters.Rip] = thread.InstructionPointer?.Value;
        return new X64RegisterFile(known, null);
    }

    private static X64RegisterFile FileOf(Registers registers) => new(MemoryMarshal.Cast<Registers, ulong>(MemoryMarshal.CreateReadOnlySpan(ref registers, 1)));

    private static string? NameOf(int tid, IReadOnlyList<InferiorThread> before)
    {
        foreach (InferiorThread thread in before)
        {
            if (thread.Tid == tid)
                return thread.GivenName;
        }

        return null;
    }
}
