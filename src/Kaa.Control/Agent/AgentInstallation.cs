using System.Globalization;
using System.Runtime.InteropServices;
using Kaa.Control.Memory;
using Kaa.Control.Remote;
using Kaa.Formats;
using Kaa.Formats.ProcText;
using Kaa.Linux.Calls;
using Kaa.Linux.Looking;
using Kaa.Linux.Memory;
using Kaa.Linux.Proc;
using Kaa.Linux.Registers;
using Kaa.Python.Recorded;
using Kaa.Results;

namespace Kaa.Control.Agent;

/// <summary>Puts an agent into a process, or takes over the one that is there. Numbers of calls: arch/x86/entry/syscalls/syscall_64.tbl.</summary>
internal sealed class AgentInstallation
{
    private const int Attempts = 20;
    private const int StrictAttempts = 5;
    private const int BetweenAttempts = 2_000; // µs

    private const int MapCall = 9;
    private const int UnmapCall = 11;
    private const int AdviseCall = 28;
    private const int CloseCall = 3;
    private const int TruncateCall = 77;
    private const int MemoryFileCall = 319; // memfd_create
    private const ulong ReadRun = 1 | 4; // PROT_READ | PROT_EXEC
    private const ulong ReadWrite = 1 | 2;
    private const ulong Private = 0x2 | 0x20 | 0x100000; // MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE
    private const ulong Shared = 0x1 | 0x100000; // MAP_SHARED | MAP_FIXED_NOREPLACE
    private const ulong CloseOnExec = 1; // MFD_CLOEXEC
    private const ulong WipeOnFork = 18; // MADV_WIPEONFORK, Linux 4.14
    private const ulong NoFile = ulong.MaxValue;
    private const ulong LeftToProcess = 64 << 20;

    private readonly AgentProcess _process;
    private readonly AgentOptions _options;
    private readonly AgentPython _python;
    private readonly int _tidOffset;
    private readonly List<LeftAgent> _left;
    private SharedMapping? _mapping;
    private AgentCalls _calls;

    private AgentInstallation(AgentProcess process, AgentOptions options, AgentPython python, int tidOffset)
    {
        _process = process;
        _options = options;
        _python = python;
        _tidOffset = tidOffset;
        _left = LeftAgent.Find(process.Target.Mappings, process.Patch);
    }

    /// <param name="held">As of <see cref="AgentProcess.Open"/>.</param>
    /// <param name="pause">Longest time that any thread stood still, in microseconds.</param>
    /// <exception cref="UserError">As of <see cref="AgentSession.Attach(Kaa.Linux.LiveTarget, AgentOptions)"/>.</exception>
    public static AgentMemory Install(int pid, AgentOptions options, FrameWalk? walk, HeldProcess? held, out bool isReused, out long pause)
    {
        pause = 0;
        for (int attempt = 1; ; attempt++)
        {
            using AgentProcess process = AgentProcess.Open(pid, held);
            process.AllowsSignalled = held is not null || attempt > StrictAttempts;
            AgentPython python = AgentWords.Of(process, options.Python, walk, out int tidOffset);
            var installation = new AgentInstallation(process, options, python, tidOffset);
            AgentMemory? memory = installation.TryInstall(out isReused);
            pause = Math.Max(pause, process.PauseMicroseconds);
            if (memory is not null)
                return memory;
            if (attempt == Attempts || held is not null)
                throw AgentProcess.Refused(RemoteHindrance.NoThread);
            Clock.Sleep(BetweenAttempts);
        }
    }

    private AgentMemory? TryInstall(out bool isReused)
    {
        AgentOwner.RequireNone(_left, _process);
        LeftAgent? own = _left.FindLast(left => left.IsOwn && left.IsSame && HasRoom(left));
        isReused = own is not null;
        bool isDone = true;
        Address? start = own is null ? ChooseStart() : null;
        _process.Hold(held =>
        {
            foreach (LeftAgent left in _left)
                _ = LeftCode.Restore(left, _process.Patch);
            _calls = AllowedCalls.Of(held, _process.Tasks, start ?? new Address(own!.Header.image));
            if (own is null)
                isDone = TryMap(held, AgentRegion.At(start!.Value, _options));
        });
        if (!isDone)
        {
            _mapping?.Dispose();
            return null;
        }

        return own is null ? Fill(AgentRegion.At(start!.Value, _options)) : TakeOver(own);
    }

    /// <summary>It has what this session needs.</summary>
    private bool HasRoom(LeftAgent left)
    {
        if (!_options.Allocations)
            return true;
        if (left.Header.memory == 0 || IsLedTo(left))
            return false;
        AgentMemoryArea area = default;
        return !_options.NativeStacks
            || (_process.Patch.TryRead(left.Mapping.Start + left.Header.memory, MemoryMarshal.AsBytes(MemoryMarshal.CreateSpan(ref area, 1))) && area.natives != 0);
    }

    private bool IsLedTo(LeftAgent left) =>
        _options.IsLedTo?.Invoke(new Address(left.Header.image), new Address(left.Header.image) + (ulong)AgentRegion.Image.text_size) == true;

    private Address ChooseStart()
    {
        ulong size = AgentRegion.At(Address.Null, _options).Size;
        // RLIMIT_FSIZE holds for files without a name too, and to exceed it ends the process (SIGXFSZ).
        if (ProcessLimit.Read(ProcRoot.System, _process.Tid, "Max file size"u8) is { } limit && limit < size)
            throw AgentProcess.Refused(new RemoteHindrance("file-limit", "it may not write files as large as what the agent shares (ulimit -f)"));
        if (ProcessLimit.Read(ProcRoot.System, _process.Tid, "Max address space"u8) is { } most
            && MemorySizes.Read(ProcRoot.System, _process.Tid, new KernelText()) is { } sizes && sizes.Total + size + LeftToProcess > most)
            throw AgentProcess.Refused(new RemoteHindrance(
                "address-limit", string.Create(CultureInfo.InvariantCulture, $"it would be left with less than {LeftToProcess >> 20} MB of the addresses that it may use (ulimit -v): {size >> 20} MB more are wanted")));
        return Holes.Find(_process.Target.Mappings, size, _process.Room?.Stub ?? Address.Null, ulong.MaxValue)
            ?? throw AgentProcess.Refused(new RemoteHindrance("no-hole", "its address space is full"));
    }

    /// <summary>False where it is to be tried again.</summary>
    private bool TryMap(HeldProcess held, AgentRegion region)
    {
        var work = new RemoteWork(_process);
        foreach (Mapping left in LeftAgent.FindUnfinished(_process.Target.Mappings, _process.Patch))
        {
            if (work.TryMake(held, [UnmapUnfinished(left)]) is null)
                return false;
        }

        ulong length = region.SharedSize;
        RemoteCall[] calls =
        [
            new(MemoryFileCall, work.Name.Value, CloseOnExec) { KeepsResult = true },
            new(TruncateCall, 0, length) { TakesResultFirst = true },
            new(MapCall, region.Shared.Value, length, ReadWrite, Shared) { TakesResultFifth = true },
            new(CloseCall) { TakesResultFirst = true },
            new(MapCall, region.Start.Value, region.Data.Value - region.Start.Value, ReadRun, Private, NoFile),
            new(MapCall, region.Data.Value, AgentRegion.DataSize + AgentRegion.PageSize, ReadWrite, Private, NoFile),
            new(AdviseCall, region.State.Value, AgentRegion.PageSize, WipeOnFork),
        ];
        long descriptor = -1;
        IReadOnlyList<long>? results = work.TryMake(held, calls, "kaa-agent"u8, (number, result) =>
        {
            if (number == 0)
                descriptor = result;
            else if (number == 1 && result == 0)
                _mapping = SharedMapping.OfDescriptor(AgentProcess.Proc, _process.Tid, descriptor, (int)length);
        });
        return results is not null && IsMapped(results, region);
    }

    /// <summary>False where somebody else has mapped something there meanwhile.</summary>
    /// <param name="results">Of the calls that make the mappings.</param>
    /// <exception cref="UserError">agent-refused: a call has failed.</exception>
    private bool IsMapped(IReadOnlyList<long> results, AgentRegion region)
    {
        ulong[] wanted = [region.Shared.Value, 0, region.Start.Value, region.Data.Value, 0];
        if (results[0] < 0)
            throw AgentProcess.Refused(new RemoteHindrance("memory-file", "it can't make a file in memory (memfd_create): " + CallFailures.OfError(-results[0])));
        if (results[1] < 0)
            throw AgentProcess.Refused(new RemoteHindrance("memory-file", "it can't enlarge a file in memory (ftruncate): " + CallFailures.OfError(-results[1])));
        for (int i = 0; i < wanted.Length; i++)
        {
            if (unchecked((ulong)results[i + 2]) == wanted[i])
                continue;
            if (results[i + 2] == -Errno.Exists)
                return false;
            throw AgentProcess.Refused(new RemoteHindrance("no-memory", "it can't map memory for it (mmap): " + CallFailures.OfMapping(-results[i + 2], _process.Tid)));
        }

        return true;
    }

    /// <summary>With the code and data below it, where they are as this Kaa makes them.</summary>
    private RemoteCall UnmapUnfinished(Mapping left)
    {
        ulong below = AgentRegion.Image.size + AgentRegion.PageSize;
        Address start = left.Start - (long)below;
        bool isWhole = _process.Target.Modules.FindMapping(start) is { Path: "" } code && code.Start == start && code.Can(MappingAccess.Execute)
            && code.Length == AgentRegion.Image.text_size;
        return isWhole ? new RemoteCall(UnmapCall, start.Value, below + left.Length) : new RemoteCall(UnmapCall, left.Start.Value, left.Length);
    }

    /// <summary>Nobody comes here before the first hook, so the process runs meanwhile.</summary>
    private AgentMemory Fill(AgentRegion region)
    {
        TargetPatch patch = OpenPatch();
        var memory = new AgentMemory(_mapping, patch, region.Shared);
        bool isWritten = patch.TryWrite(region.Start, AgentImageBytes.Text)
            && TryWrite(patch, region.Start + (ulong)AgentRegion.Image.shared, region.Shared.Value)
            && TryWrite(patch, region.Start + (ulong)AgentRegion.Image.state, region.State.Value)
            && TryWrite(patch, region.State, new AgentState { enabled = 1, own = 1 });
        if (!isWritten)
            throw AgentProcess.Refused(RemoteHindrance.NotWritable);
        AgentHeader header = region.Header(_process.NamespacePid, _calls);
        header.python = _python;
        header.tid = _tidOffset;
        header.owner = (uint)Environment.ProcessId;
        if (region.Allocations is { } allocations)
            memory.Write(allocations.Start, allocations.Area());
        memory.Write(0, header);
        memory.WriteWord(0, AgentHeader.Magic);
        return memory;
    }

    private AgentMemory TakeOver(LeftAgent left)
    {
        TargetPatch patch = OpenPatch();
        SharedMapping? mapping = SharedMapping.OfMapping(AgentProcess.Proc, _process.Tid, left.Mapping);
        var memory = new AgentMemory(mapping, patch, left.Mapping.Start);
        LeftCode.Forget(left, memory);
        memory.Write(AgentWords.OwnerOffset, (uint)Environment.ProcessId);
        memory.Write(AgentWords.CallsOffset, _calls);
        memory.Write(AgentWords.TidOffset, _tidOffset);
        memory.Write(AgentWords.PythonOffset, _python);
        ForgetStacks(memory);
        memory.WriteWord(AgentWords.TailOffset, memory.ReadWord(AgentWords.HeadOffset));
        _ = TryWrite(patch, new Address(left.Header.state), new AgentState { enabled = 1, own = 1 });
        return memory;
    }

    /// <summary>What earlier sessions knew by them is over. Nobody writes one: the process's hooks were taken away.</summary>
    internal static void ForgetStacks(AgentMemory memory)
    {
        AgentHeader header = memory.Read<AgentHeader>(0);
        if (memory.TryDiscard(header.buckets, header.ring + header.ring_units * 64 - header.buckets))
            memory.WriteWord(AgentWords.ArenaUsedOffset, 0);
    }

    private TargetPatch OpenPatch() => TargetPatch.Open(AgentProcess.Proc, _process.Tid) ?? throw AgentProcess.Refused(RemoteHindrance.NotWritable);

    private static bool TryWrite<T>(TargetPatch patch, Address address, T value)
        where T : unmanaged => patch.TryWrite(address, MemoryMarshal.AsBytes(MemoryMarshal.CreateReadOnlySpan(ref value, 1)));
}
