using Kaa.Formats;
using Kaa.Formats.Cores;
using Kaa.Formats.ProcText;
using Kaa.Results;
using Kaa.Target.Arch;

namespace Kaa.Target.Cores;

/// <summary>A process as a core file has kept it.</summary>
public sealed class CoreTarget : ObservedTarget
{
    private readonly CoreFile _core;
    private readonly MappedFiles _mapped;
    private readonly CoreFiles _files;
    private readonly CoreFindings _findings;
    private readonly List<TargetThread> _threads;
    private readonly PageCache _memory;

    private CoreTarget(string path, CoreFile core, CoreOptions options, Note? unpacked)
    {
        _core = core;
        CoreNotes notes = core.Notes;
        var dumped = new DumpedMemory(core);
        var linked = new LinkedModules(dumped, notes.Auxiliary, options.Exe);
        IReadOnlyList<CoreFileMapping> mappings = notes.Files.Count > 0 ? notes.Files : linked.Find();
        string prefix = CoreRoot.Prefix(mappings, notes.Auxiliary, dumped, options.SysRoot);
        if (prefix.Length == 0 && options.SysRoot is null && notes.Kaa is { Root.Length: > 1 } known)
            prefix = known.Root;
        var root = new RootedFiles(options.SysRoot ?? prefix);
        var search = new FileSearch(root, options.Exe, options.SysRoot is not null);
        _mapped = new MappedFiles(mappings, prefix, dumped, search);
        search.Program = _mapped.FindProgram(notes.Auxiliary);
        _files = new CoreFiles(root, _mapped);
        Mappings = CoreMappings.Build(dumped, _mapped, Named(notes.Auxiliary));
        Modules = new ModuleMap(Mappings);
        _memory = new PageCache(new CoreMemory(dumped, _mapped));
        _threads = ThreadsOf(notes);
        IReadOnlyList<string>? command = new StartStack(_memory, notes).Command() ?? notes.Kaa?.Command;
        Info = Describe(path, notes, command);
        DebugFiles = new DebugFileSearch { OpenHost = RootedFiles.Open };
        _findings = new CoreFindings(core, dumped, _threads, _mapped, search, linked, prefix, options)
        {
            Unpacked = unpacked,
            IsCommandCut = command is null,
        };
        DumpedAt = (File.GetLastWriteTimeUtc(path) - DateTime.UnixEpoch).TotalSeconds;
    }

    public override TargetInfo Info { get; }

    public override IMemory Constants => _memory;

    public override IReadOnlyList<Mapping> Mappings { get; }

    public override ModuleMap Modules { get; }

    public override ITargetFiles Files => _files;

    /// <summary>Only <c>kaa core</c> tells it.</summary>
    public override double? StartedAt => _core.Notes.Kaa?.StartedAt;

    /// <summary>When the file was written, or copied, in Unix seconds: what changed since is not what the process had.</summary>
    public double DumpedAt { get; }

    /// <summary>What the core lacks, and which files are missing or of another build. Grows as files are asked for.</summary>
    public override IReadOnlyList<Note> Notes => _findings.Notes();

    /// <summary>In the order of its notes: the thread that the signal was for comes first.</summary>
    public IReadOnlyList<TargetThread> Threads => _threads;

    /// <summary>The core itself, for notes of its writer.</summary>
    public CoreFile Core => _core;

    /// <exception cref="UserError">
    /// no-such-file, not-permitted, empty-file, not-a-core, foreign-architecture, core-damaged, no-space.
    /// </exception>
    public static CoreTarget Open(string path, CoreOptions options)
    {
        if (options.Exe is { } exe && !File.Exists(exe))
            throw new UserError("no-such-file", $"there is no file {exe}", "give the path of the program that the process ran");
        if (options.SysRoot is { } root && !Directory.Exists(root))
            throw new UserError("no-such-file", $"there is no directory {root}", "give the directory that was the process's root, or a copy of it");
        CoreFile core = CoreOpening.Open(path, options.OnProgress, out Note? unpacked);
        try
        {
            return new CoreTarget(path, core, options, unpacked);
        }
        catch
        {
            core.Dispose();
            throw;
        }
    }

    public override string? DescribeDescriptor(int descriptor) => _core.Notes.Kaa?.Descriptors.GetValueOrDefault(descriptor);

    /// <summary>Nothing moves: what was read stays.</summary>
    public override IMemory Glance() => _memory;

    public override LookResult Observe(ILookObserver observer, LookOptions options)
    {
        List<TargetThread> threads = _threads.ConvertAll(thread => RestartedCall.Resolve(thread, _memory));
        observer.Read(new Look(_memory, threads, null, 0));
        return new LookResult(null, threads, new HashSet<int>(), 1);
    }

    protected override void Dispose(bool disposing)
    {
        _mapped.Dispose();
        _core.Dispose();
        base.Dispose(disposing);
    }

    private static List<(Address Address, string Name)> Named(AuxiliaryVector? auxiliary)
    {
        var named = new List<(Address, string)>();
        if (auxiliary?[AuxiliaryKey.ExecutableName] is { } name)
            named.Add((new Address(name), "[stack]"));
        if (auxiliary?[AuxiliaryKey.Vdso] is { } vdso)
            named.Add((new Address(vdso), "[vdso]"));
        return named;
    }

    private static List<TargetThread> ThreadsOf(CoreNotes notes)
    {
        var threads = new List<TargetThread>(notes.Threads.Count);
        var seen = new HashSet<int>();
        var known = new Dictionary<int, KaaNoteThread>();
        foreach (KaaNoteThread told in notes.Kaa?.Threads ?? [])
            known[told.Tid] = told;
        foreach (CoreThread thread in notes.Threads)
        {
            // The kernel names the group leader only.
            string? name = thread.Tid == notes.Process?.Pid && notes.Process.Name.Length > 0 ? notes.Process.Name : null;
            if (seen.Add(thread.Tid))
                threads.Add(WithNote(X64CoreThread.Read(thread, name), known.GetValueOrDefault(thread.Tid)));
        }

        return threads;
    }

    /// <summary>What only the kernel knew, and <c>kaa core</c> has kept.</summary>
    private static TargetThread WithNote(TargetThread thread, KaaNoteThread? known) => known is null ? thread : thread with
    {
        NamespaceTid = known.NamespaceTid,
        Name = known.Name,
        State = StateOf(known.State),
        Registers = known.IsPartial ? null : thread.Registers,
    };

    private static ThreadState StateOf(string name) => name switch
    {
        "running" => ThreadState.Running,
        "sleeping" => ThreadState.Sleeping,
        "uninterruptible" => ThreadState.Uninterruptible,
        "stopped" => ThreadState.Stopped,
        "zombie" => ThreadState.Zombie,
        _ => ThreadState.Unknown,
    };

    private static TargetInfo Describe(string path, CoreNotes notes, IReadOnlyList<string>? command) => new()
    {
        Kind = TargetKind.Core,
        Pid = notes.Process?.Pid ?? (notes.Threads.Count > 0 ? notes.Threads[0].Tid : null),
        ContainerPid = notes.Kaa?.ContainerPid,
        Path = path,
        Command = command ?? ShortCommand(notes.Process),
        Signal = notes.Threads.Count > 0 ? SignalOf(notes.Threads[0]) : null,
    };

    private static string[] ShortCommand(CoreProcess? process) =>
        process is { Arguments.Length: > 0 } ? process.Arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries) : [];

    /// <summary>Of the first thread, which is the one that the kernel dumped for. gdb writes what it stopped a living process by.</summary>
    private static CrashSignal? SignalOf(CoreThread thread)
    {
        int number = thread.Signal != 0 ? thread.Signal : thread.Information?.Number ?? 0;
        if (!X64Signals.EndsProcess(number))
            return null;

        // SI_KERNEL (0x80) is a fault whose address the processor does not tell.
        bool hasAddress = X64Signals.HasAddress(number) && thread.Information is { Code: > 0 and not 0x80 } told && told.Number == number;
        return new CrashSignal(number, X64Signals.NameOf(number), hasAddress ? thread.Information!.Address : null, thread.Tid);
    }
}
