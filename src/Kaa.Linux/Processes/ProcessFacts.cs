using Kaa.Formats;
using Kaa.Formats.ProcText;
using Kaa.Linux.Calls;
using Kaa.Linux.Files;
using Kaa.Linux.Proc;
using Kaa.Results;

namespace Kaa.Linux.Processes;

/// <summary>
/// What /proc says of one process. Facts only, whether it is a Python is not judged here. What costs a file to read is read when it is asked
/// for; a process that has gone meanwhile, or that may not be read, gives empty answers.
/// </summary>
public sealed class ProcessFacts
{
    private const double TicksASecond = 100; // USER_HZ, the same on every Linux that we run on

    private readonly ProcRoot _proc;
    private readonly KernelText _text;
    private readonly ProcessStat _stat;
    private ProcessStatus? _status;
    private bool _statusRead;

    internal ProcessFacts(ProcRoot proc, ProcessStat stat, KernelText text)
    {
        _proc = proc;
        _text = text;
        _stat = stat;
    }

    public int Pid => _stat.Pid;

    public int ParentPid => _stat.ParentPid;

    /// <summary>The kernel's name for it (<c>comm</c>).</summary>
    public string Name => _stat.Name;

    public ThreadState State => TaskState.Of(_stat.State);

    public bool IsKernelThread => _stat.IsKernelThread;

    public int Threads => _stat.Threads;

    /// <summary>Time on processors, of all threads, in seconds.</summary>
    public double CpuSeconds => (_stat.UserTime + _stat.SystemTime) / TicksASecond;

    /// <summary>In Unix seconds.</summary>
    public double StartedAt => Clock.UnixSeconds - Age;

    /// <summary>Share of one processor since the start, in percent.</summary>
    public double CpuPercent => 100 * CpuSeconds / Math.Max(Age, 1 / TicksASecond);

    /// <summary>The pid in its own pid namespace; null where that is the same as ours.</summary>
    public int? ContainerPid => Status is { NamespacePids: { Count: > 1 } ids } ? ids[^1] : null;

    public int TracerPid => Status?.TracerPid ?? 0;

    /// <summary>Null where the process is gone.</summary>
    public uint? Uid => Status?.Uid.Real;

    public SeccompMode? Seccomp => Status?.Seccomp;

    /// <summary>Empty for kernel threads and zombies.</summary>
    public IReadOnlyList<string> Command => Read("cmdline", out ReadOnlySpan<byte> text) ? NulSeparated.Split(text) : [];

    /// <summary>Path of the program as the process sees it, without <c> (deleted)</c>; null where it may not be known.</summary>
    public string? Executable
    {
        get
        {
            const string Suffix = " (deleted)";
            if (Descriptor.ReadLink(_proc.Of(Pid, "exe")) is not { } path)
                return null;
            string inside = LiveFiles.Inside(LiveFiles.Prefix(_proc, Pid), path);
            return inside.EndsWith(Suffix, StringComparison.Ordinal) ? inside[..^Suffix.Length] : inside;
        }
    }

    /// <summary>The container's short id or name; null on the host, and where nothing tells.</summary>
    public string? Container
    {
        get
        {
            if (Read("cgroup", out ReadOnlySpan<byte> text) && CgroupParser.FindContainer(text) is { } container)
                return container.Short;
            return ContainerPid is not null && HasOwnRoot() ? HostName() : null;
        }
    }

    private double Age => Clock.SecondsSinceBoot - _stat.StartTime / TicksASecond;

    private ProcessStatus? Status
    {
        get
        {
            if (!_statusRead && Read("status", out ReadOnlySpan<byte> text) && !text.IsEmpty)
                _status = StatusParser.Parse(text);
            _statusRead = true;
            return _status;
        }
    }

    /// <summary>
    /// The files that are mapped, each once, in order of address, as the process sees them. Costs 0.1 to 1 ms. Null where that may not be read.
    /// </summary>
    public IReadOnlyList<string>? MappedFiles()
    {
        if (!Read("maps", out ReadOnlySpan<byte> text))
            return null;
        string prefix = LiveFiles.Prefix(_proc, Pid);
        var names = new List<string>();
        var seen = new HashSet<string>();
        foreach (Mapping mapping in MapsParser.Parse(text))
        {
            if (mapping.IsFile && seen.Add(mapping.Path))
                names.Add(LiveFiles.Inside(prefix, mapping.Path));
        }

        return names;
    }

    private bool Read(string file, out ReadOnlySpan<byte> text) => _text.TryRead(_proc.Of(Pid, file), out text);

    private bool HasOwnRoot() =>
        Descriptor.Status(OpenFlags.CurrentDirectory, _proc.Of(Pid, "root"), 0) is { } theirs
        && Descriptor.Status(OpenFlags.CurrentDirectory, "/", 0) is { } ours
        && (theirs.Device, theirs.Inode) != (ours.Device, ours.Inode);

    private string? HostName()
    {
        if (Descriptor.Open(_proc.Of(Pid, "root"), OpenFlags.PathOnly | OpenFlags.Directory) is not { } root)
            return null;
        using var place = new RootedPath(root);
        using RegularFile? file = place.OpenRead("/etc/hostname");
        if (file is null)
            return null;
        Span<byte> bytes = stackalloc byte[256];
        string name = System.Text.Encoding.UTF8.GetString(bytes[..file.ReadAtLeast(bytes, bytes.Length, false)]).Trim();
        return name.Length > 0 ? name : null;
    }
}
