using System.Buffers.Binary;
using Kaa.Control.Remote;
using Kaa.Formats;
using Kaa.Linux.Calls;
using Kaa.Linux.Files;
using Kaa.Linux.Looking;
using Kaa.Linux.Memory;
using Kaa.Linux.Proc;
using Kaa.Linux.Registers;

namespace Kaa.Control.Running;

/// <summary>
/// What Kaa has in the process for as long as it runs code there: a mapping with <see cref="X64Runner"/> and two memfds, one with the input, one that the output is
/// written to. Both are opened by way of /proc/PID/fd, so no path in the process's namespaces is used.
/// </summary>
internal sealed class RunRegion : IDisposable
{
    private const int Map = 9; // mmap
    private const int Protect = 10; // mprotect
    private const int Unmap = 11; // munmap
    private const int Close = 3;
    private const int MemoryFile = 319; // memfd_create
    private const int Pipe = 293; // pipe2
    private const int PipeOffset = 0x1800; // two ints in the page of data
    private const ulong PipeCloseOnExec = 0x80000; // O_CLOEXEC
    private const ulong ReadWrite = 3; // PROT_READ | PROT_WRITE
    private const ulong ReadExecute = 5; // PROT_READ | PROT_EXEC
    private const ulong PrivateAnonymous = 0x22; // MAP_PRIVATE | MAP_ANONYMOUS
    private const ulong CloseOnExec = 1; // MFD_CLOEXEC

    private readonly TargetPatch _patch;

    private RunRegion(Address address, int inputNumber, int outputNumber, TargetPatch patch)
    {
        Address = address;
        InputNumber = inputNumber;
        OutputNumber = outputNumber;
        _patch = patch;
    }

    public static ReadOnlySpan<byte> Name => "kaa-exec"u8;

    public Address Address { get; }

    /// <summary>Its number in the process.</summary>
    public int InputNumber { get; }

    public int OutputNumber { get; }

    public SharedFile Input { get; private set; } = null!;

    public SharedFile Output { get; private set; } = null!;

    /// <summary>Number in the process of the end of the pipe that is read there; negative for none.</summary>
    public int PipeNumber { get; private set; } = -1;

    /// <summary>The other end, which Kaa alone has.</summary>
    public SharedFile? Commands { get; private set; }

    /// <summary>The process has closed its descriptors itself.</summary>
    public bool AreFilesClosed { get; set; }

    /// <summary>A thread may come into the code yet.</summary>
    public bool IsPromised { get; set; }

    /// <summary>The calls that it takes, with arguments as a seccomp filter would see them.</summary>
    public static IReadOnlyList<RemoteCall> Calls(Address stub) =>
    [
        new(Map, 0, X64Runner.Size, ReadWrite, PrivateAnonymous, ulong.MaxValue),
        new(MemoryFile, X64CallStub.Name(stub).Value, CloseOnExec),
        new(MemoryFile, X64CallStub.Name(stub).Value, CloseOnExec),
        new(Protect, 0, X64Runner.CodeSize, ReadExecute),
        new(Unmap, 0, X64Runner.Size),
        new(Close),
        new(39), // getpid
        new(270), // pselect6
        new(15), // rt_sigreturn
    ];

    /// <summary>Has a stopped thread make it; null with a reason where that fails.</summary>
    /// <param name="data">Of <see cref="X64Runner.Data"/>.</param>
    public static RunRegion? Make(RemoteCalls calls, Tracee tracee, Address stub, TargetPatch patch, ProcRoot proc, byte[] data, out RemoteHindrance? why)
    {
        RemoteOutcome made = calls.Run(tracee, [.. Calls(stub).Take(3)], [], Name);
        why = WhyNot(made);
        if (why is not null)
            return null;
        if (made.Results[0] < 0)
        {
            why = new RemoteHindrance("no-memory", "the kernel does not give it 64 KiB of memory (mmap): " + CallFailures.OfMapping(-made.Results[0], tracee.Tid));
            return null;
        }

        var region = new RunRegion(new Address((ulong)made.Results[0]), (int)made.Results[1], (int)made.Results[2], patch);
        if (region.Fill(proc, tracee.Tid, data, out why) && region.MakeExecutable(calls, tracee, out why))
            return region;
        region.Remove(calls, tracee);
        region.Dispose();
        return null;
    }

    /// <summary>Has a stopped thread take it away again; false where that could not be done.</summary>
    public bool Remove(RemoteCalls calls, Tracee tracee)
    {
        var closing = new List<RemoteCall>();
        foreach (int number in (ReadOnlySpan<int>)[InputNumber, OutputNumber])
        {
            if (!AreFilesClosed && number >= 0 && LeftRuns.IsFile(tracee.Tid, number))
                closing.Add(new RemoteCall(Close, (ulong)number));
        }

        if (!AreFilesClosed && PipeNumber >= 0)
            closing.Add(new RemoteCall(Close, (ulong)PipeNumber));
        if (!IsPromised)
            closing.Add(new RemoteCall(Unmap, Address.Value, X64Runner.Size));
        return closing.Count == 0 || calls.Run(tracee, closing, [], Name).End == RemoteEnd.Done;
    }

    public bool TryWriteSource(string source)
    {
        byte[] bytes = System.Text.Encoding.UTF8.GetBytes(source + "\0");
        return bytes.Length <= X64Runner.SourceSize && _patch.TryWrite(X64Runner.SourceOf(Address), bytes);
    }

    /// <summary>Makes a pipe that ends as soon as Kaa does.</summary>
    public bool TryMakePipe(RemoteCalls calls, Tracee tracee, ProcRoot proc)
    {
        Span<byte> ends = stackalloc byte[8];
        RemoteOutcome made = calls.Run(tracee, [new RemoteCall(Pipe, (Address + PipeOffset).Value, PipeCloseOnExec)], [], Name);
        if (made.End != RemoteEnd.Done || made.Results[0] != 0 || !_patch.TryRead(Address + PipeOffset, ends))
            return false;
        PipeNumber = BinaryPrimitives.ReadInt32LittleEndian(ends);
        int write = BinaryPrimitives.ReadInt32LittleEndian(ends[4..]);
        Commands = SharedFile.OpenPipe(proc, tracee.Tid, write);
        return calls.Run(tracee, [new RemoteCall(Close, (ulong)write)], [], Name).End == RemoteEnd.Done && Commands is not null;
    }

    /// <summary>A word of a slot; null where the process is gone.</summary>
    public int? Read(int slot, int offset)
    {
        Span<byte> word = stackalloc byte[4];
        return _patch.TryRead(X64Runner.Slot(Address, slot) + offset, word) ? BinaryPrimitives.ReadInt32LittleEndian(word) : null;
    }

    public bool Write(int slot, int offset, int value)
    {
        Span<byte> word = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(word, value);
        return _patch.TryWrite(X64Runner.Slot(Address, slot) + offset, word);
    }

    public void Dispose()
    {
        Input?.Dispose();
        Output?.Dispose();
        Commands?.Dispose();
    }

    private static RemoteHindrance? WhyNot(RemoteOutcome outcome) => outcome.End switch
    {
        RemoteEnd.Done => null,
        RemoteEnd.NotWritten => RemoteHindrance.NotWritable,
        RemoteEnd.Stuck => RemoteHindrance.Frozen,
        _ => RemoteHindrance.NoThread,
    };

    private bool Fill(ProcRoot proc, int tid, byte[] data, out RemoteHindrance? why)
    {
        why = Math.Min(InputNumber, OutputNumber) is < 0 and var error
            ? new RemoteHindrance("no-memfd", "it can't make a file in memory (memfd_create): " + CallFailures.OfError(-error))
            : new RemoteHindrance("no-memfd", "Kaa can't open the file in memory that the process has made");
        if (InputNumber < 0 || OutputNumber < 0 || SharedFile.Open(proc, tid, InputNumber) is not { } input)
            return false;
        Input = input;
        if (SharedFile.Open(proc, tid, OutputNumber) is not { } output)
            return false;
        Output = output;
        why = RemoteHindrance.NotWritable;
        return _patch.TryWrite(Address, X64Runner.Text) && _patch.TryWrite(X64Runner.DataOf(Address), data);
    }

    private bool MakeExecutable(RemoteCalls calls, Tracee tracee, out RemoteHindrance? why)
    {
        RemoteOutcome made = calls.Run(tracee, [new RemoteCall(Protect, Address.Value, X64Runner.CodeSize, ReadExecute)], [], Name);
        why = WhyNot(made) ?? (made.Results[0] == 0 ? null : new RemoteHindrance("not-executable", "the kernel lets it have no new code (SELinux, PR_SET_MDWE)"));
        return why is null;
    }
}
