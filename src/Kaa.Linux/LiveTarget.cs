using System.Globalization;
using Kaa.Formats;
using Kaa.Formats.ProcText;
using Kaa.Linux.Access;
using Kaa.Linux.Calls;
using Kaa.Linux.Files;
using Kaa.Linux.Launching;
using Kaa.Linux.Looking;
using Kaa.Linux.Memory;
using Kaa.Linux.Proc;
using Kaa.Results;
using Kaa.Target;

namespace Kaa.Linux;

/// <summary>A running process.</summary>
public sealed class LiveTarget : ObservedTarget
{
    private const double TicksASecond = 100; // USER_HZ
    private const int ConstantPages = 1_024;
    private const int MaxAttempts = 5;
    private const string StopRefused = "stop-refused";

    private readonly ProcRoot _proc;
    private readonly LiveMemory _memory;
    private readonly LookMemory _lookMemory;
    private readonly LiveFiles _files;
    private readonly Address _probe;
    private readonly bool _nested;
    private readonly List<Note> _notes;
    private DescriptorNames? _descriptors;
    private IReadOnlyList<Note>? _deleted;

    private LiveTarget(ProcRoot proc, ProcessStatus status, int tid, LiveMemory memory, List<Mapping> mappings, Address probe)
    {
        _proc = proc;
        _memory = memory;
        _probe = probe;
        _nested = status.NamespacePids.Count > 1;
        _files = new LiveFiles(proc, tid, memory);
        Mappings = mappings;
        Modules = new ModuleMap(mappings);
        Constants = new PageCache(memory, null, ConstantPages);
        _lookMemory = new LookMemory(memory);
        DebugFiles = new DebugFileSearch { OpenHost = HostFiles.OpenRead };
        Pid = status.Pid;
        Info = DescribeTarget(proc, status);
        _notes = NotesOn(proc, status);
        StartedAt = ReadStart(proc, status.Pid);
    }

    /// <summary>Where its folder is.</summary>
    public ProcRoot Proc => _proc;

    /// <summary>As seen from here.</summary>
    public int Pid { get; }

    public override TargetInfo Info { get; }

    public override IMemory Constants { get; }

    /// <summary>As of <see cref="Open(int)"/>.</summary>
    public override IReadOnlyList<Mapping> Mappings { get; }

    public override ModuleMap Modules { get; }

    public override ITargetFiles Files => _files;

    public override double? StartedAt { get; }

    /// <summary>
    /// What a reader of any answer about this process should know: it is stopped, somebody else traces it, Kaa was not let stop it, files that it
    /// has loaded are other ones now.
    /// </summary>
    public override IReadOnlyList<Note> Notes => (_deleted ??= DeletedModules.Notes(this)) is { Count: > 0 } deleted ? [.. _notes, .. deleted] : _notes;

    public LookStatistics Statistics { get; } = new();

    /// <summary>Memory as it is at each read: nothing is kept.</summary>
    public IMemory Current => _memory;

    /// <summary>Memory as it is now, read in walks.</summary>
    public ForesightMemory NewForesight() => new(_memory);

    /// <summary>Null for a static program, which loads nothing.</summary>
    public LoaderWatch? WatchLoader() => LoaderRendezvous.Find(_proc, Pid, _memory) is { } rendezvous ? new LoaderWatch(rendezvous, _memory) : null;

    /// <summary>Calls to read memory so far.</summary>
    public long MemoryCalls => _memory.Calls;

    /// <param name="pid">As seen from here.</param>
    /// <exception cref="UserError">
    /// no-such-process, process-exited, zombie, kernel-thread, not-permitted, foreign-architecture, no-proc.
    /// </exception>
    public static LiveTarget Open(int pid) => Open(pid, ProcRoot.System);

    public static LiveTarget Open(int pid, ProcRoot proc)
    {
        // A process that has just been started runs another program in the next moment: then begin again.
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                return OpenOnce(pid, proc);
            }
            catch (UserError e) when (e.Code == ProcessGate.ReplacedCode && attempt < MaxAttempts)
            {
            }
        }
    }

    private static LiveTarget OpenOnce(int pid, ProcRoot proc)
    {
        ProcessStatus status = ProcessGate.RequireProcess(proc, pid);
        int tid = ProcessGate.RequireLivingThread(proc, status);
        ProcessGate.RequireArchitecture(proc, pid, tid);
        List<Mapping> mappings = ReadMappings(proc, pid, tid);
        Address probe = FirstReadable(mappings) ?? throw ProcessGate.Vanished(proc, pid);
        LiveMemory memory = LiveMemory.Open(proc, tid, probe, out int error) ?? throw ProcessGate.Refused(proc, pid, error);
        return new LiveTarget(proc, status, tid, memory, mappings, probe);
    }

    public override string? DescribeDescriptor(int descriptor) => (_descriptors ??= new DescriptorNames(_proc, Info.Pid!.Value)).Find(descriptor);

    /// <summary>What each open descriptor is, of as many as are wanted; empty where that may not be read.</summary>
    public Dictionary<int, string> DescribeDescriptors(int most)
    {
        var numbers = new List<int>();
        var found = new Dictionary<int, string>();
        using (Descriptor? directory = Descriptor.Open(_proc.Of(Info.Pid!.Value, "fd"), OpenFlags.Directory))
        {
            if (directory is not null)
                NumberedEntries.Add(directory.Number, GC.AllocateUninitializedArray<byte>(32 << 10, pinned: true), numbers);
        }

        foreach (int number in numbers)
        {
            if (found.Count < most && DescribeDescriptor(number) is { } what)
                found[number] = what;
        }

        return found;
    }

    public override IMemory Glance() => new PageCache(_memory, prepare: OwnPages.Populate);

    /// <exception cref="UserError">process-exited, target-replaced.</exception>
    public override LookResult Observe(ILookObserver observer, LookOptions options)
    {
        int pid = Info.Pid!.Value;
        using TaskDirectory tasks = TaskDirectory.Open(_proc, pid) ?? throw ProcessGate.Exited(pid);
        try
        {
            using var look = new LiveLook(tasks, _nested, _lookMemory.Begin, observer, options, Statistics);
            LookResult? result = look.Run();
            if (result is null || !_memory.IsAlive(_probe))
                throw ProcessGate.Vanished(_proc, pid);
            if (Statistics.Refused > 0 && !_notes.Exists(note => note.Code == StopRefused))
                _notes.Add(new Note(StopRefused, "the kernel does not let Kaa stop threads (a seccomp filter on Kaa, most likely); running ones are read as they run"));
            return result;
        }
        catch (TargetFault fault) when (fault.Reason == FaultReason.Gone)
        {
            throw ProcessGate.Vanished(_proc, pid);
        }
    }

    protected override void Dispose(bool disposing)
    {
        _memory.Dispose();
        _files.Dispose();
        base.Dispose(disposing);
    }

    private static List<Mapping> ReadMappings(ProcRoot proc, int pid, int tid)
    {
        var text = new KernelText();
        if (!text.TryRead(proc.Of(tid, "maps"), out ReadOnlySpan<byte> maps))
            throw ProcessGate.Refused(proc, pid, text.Error);
        List<Mapping> mappings = MapsParser.Parse(maps);
        string prefix = LiveFiles.Prefix(proc, tid);
        if (prefix.Length > 0)
        {
            for (int i = 0; i < mappings.Count; i++)
                mappings[i] = mappings[i] with { Path = LiveFiles.Inside(prefix, mappings[i].Path) };
        }

        return mappings;
    }

    private static Address? FirstReadable(List<Mapping> mappings)
    {
        foreach (Mapping mapping in mappings)
        {
            // [vvar] and devices can't be read by others, though the process itself can.
            if (mapping.Can(MappingAccess.Read) && (mapping.IsFile || mapping.Path is "" or "[heap]" or "[stack]"))
                return mapping.Start;
        }

        return null;
    }

    private static TargetInfo DescribeTarget(ProcRoot proc, ProcessStatus status)
    {
        var text = new KernelText();
        List<string> command = text.TryRead(proc.Of(status.Pid, "cmdline"), out ReadOnlySpan<byte> line) ? NulSeparated.Split(line) : [];
        return new TargetInfo
        {
            Kind = TargetKind.Process,
            Pid = status.Pid,
            ContainerPid = status.NamespacePids.Count > 1 ? status.NamespacePids[^1] : null,
            Command = command.Count > 0 ? command : [status.Name],
        };
    }

    private static List<Note> NotesOn(ProcRoot proc, ProcessStatus status)
    {
        var notes = new List<Note>();
        string pid = status.Pid.ToString(CultureInfo.InvariantCulture);
        if (status.TracerPid != 0)
        {
            string name = KernelName.Read(proc, status.TracerPid) ?? "?";
            string tracer = string.Create(CultureInfo.InvariantCulture, $"{name} (process {status.TracerPid})");
            notes.Add(new Note(
                "already-traced", $"{tracer} traces this process; its threads are read without being stopped by Kaa", pid));
        }

        if (status.State == 'T')
            notes.Add(new Note("stopped", "the process is stopped by a signal (SIGSTOP, SIGTSTP or the terminal), and stays so", pid));
        return notes;
    }

    private static double? ReadStart(ProcRoot proc, int pid)
    {
        var text = new KernelText();
        if (!text.TryRead(proc.Of(pid, "stat"), out ReadOnlySpan<byte> stat) || stat.IsEmpty)
            return null;
        return Clock.UnixSeconds - Clock.SecondsSinceBoot + StatParser.Parse(stat).StartTime / TicksASecond;
    }
}
