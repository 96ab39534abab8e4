using System.Text;
using Kaa.Formats.ProcText;
using Kaa.Linux.Access;
using Kaa.Linux.Calls;
using Kaa.Linux.Files;
using Kaa.Linux.Proc;
using Kaa.Results;

namespace Kaa.Linux.Processes;

/// <summary><c>/proc/PID</c> of one process, for whoever asks about it rather than looks into it. Not safe for two threads at once.</summary>
public sealed class ProcessFolder : IDisposable
{
    private readonly ProcRoot _proc;
    private readonly KernelText _text = new();
    private TargetRoot? _root;
    private bool _rootSought;

    private ProcessFolder(ProcRoot proc, ProcessStatus status)
    {
        _proc = proc;
        Status = status;
    }

    public int Pid => Status.Pid;

    /// <summary>As of the beginning.</summary>
    public ProcessStatus Status { get; }

    public IReadOnlyList<string> Command => Bytes("cmdline") is { } text ? NulSeparated.Split(text) : [];

    /// <summary>Supplementary groups.</summary>
    public IReadOnlyList<uint> Groups
    {
        get
        {
            foreach (string line in (Text("status") ?? "").Split('\n'))
            {
                if (line.StartsWith("Groups:", StringComparison.Ordinal))
                    return [.. line[7..].Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries).Select(group => uint.TryParse(group, out uint id) ? id : uint.MaxValue)];
            }

            return [];
        }
    }

    /// <summary>The environment that the program was started with; null where it may not be read.</summary>
    public IReadOnlyList<string>? Environment => Bytes("environ") is { } text ? NulSeparated.Split(text) : null;

    /// <summary>What stands before the paths of a process in a chroot; empty elsewhere.</summary>
    public string Prefix => LiveFiles.Prefix(_proc, Pid);

    /// <summary>The files below the process's own root; null where that may not be entered.</summary>
    public TargetRoot? Root
    {
        get
        {
            if (!_rootSought)
                _root = TargetRoot.Open(_proc.Of(Pid, "root"));
            _rootSought = true;
            return _root;
        }
    }

    /// <summary>The short id or the name of its container; null on the host, and where nothing tells.</summary>
    public string? Container => Bytes("cgroup") is { } text ? CgroupParser.FindContainer(text)?.Short : null;

    /// <summary>The systemd service that it belongs to (systemd.unit(5)); null where there is none.</summary>
    public string? Unit
    {
        get
        {
            foreach (string line in (Text("cgroup") ?? "").Split('\n'))
            {
                string name = line[(line.LastIndexOf('/') + 1)..];
                if (name.EndsWith(".service", StringComparison.Ordinal) && line.Contains("system.slice/", StringComparison.Ordinal))
                    return name;
            }

            return null;
        }
    }

    /// <summary>
    /// The file that says that its control group is frozen, and how to thaw it: v2's <c>cgroup.events</c> (admin-guide/cgroup-v2.rst) or the
    /// freezer of v1 (cgroup-v1/freezer-subsystem.rst). Null where it is not, or nothing tells.
    /// </summary>
    public (string File, string Line, string Thaw)? Freezer()
    {
        foreach (string line in (Text("cgroup") ?? "").Split('\n'))
        {
            // cgroups(7): NUMBER:CONTROLLERS:PATH, the unified hierarchy being 0.
            string[] fields = line.Split(':', 3);
            if (fields.Length < 3 || fields[2].Length < 2 || fields[2].StartsWith("/..", StringComparison.Ordinal))
                continue;
            if (fields[0] == "0" && GroupFile(fields[2], "cgroup.events").Contains("frozen 1", StringComparison.Ordinal))
                return (GroupPath(fields[2], "cgroup.events"), "frozen 1", "echo 0 | sudo tee " + GroupPath(fields[2], "cgroup.freeze"));
            if (fields[1] == "freezer" && GroupFile("/freezer" + fields[2], "freezer.state") is { } state && state.StartsWith('F'))
            {
                string file = GroupPath("/freezer" + fields[2], "freezer.state");
                return (file, state.Trim(), "echo THAWED | sudo tee " + file);
            }
        }

        return null;
    }

    /// <summary>State letters of its threads (<see cref="ProcessStat.State"/>), by tid.</summary>
    public IReadOnlyList<(int Tid, char State)> ThreadStates()
    {
        var states = new List<(int, char)>();
        using TaskDirectory? tasks = TaskDirectory.Open(_proc, Pid);
        var tids = new List<int>();
        if (tasks?.List(tids) != true)
            return states;
        foreach (int tid in tids)
        {
            if (tasks.Stat(tid) is { } stat)
                states.Add((tid, stat.State));
        }

        return states;
    }

    /// <exception cref="UserError">no-such-process, kernel-thread, no-proc.</exception>
    public static ProcessFolder Require(ProcRoot proc, int pid) => new(proc, ProcessGate.RequireProcess(proc, pid));

    /// <summary>Null where the file can't be read.</summary>
    public string? Text(string file) => Bytes(file) is { } bytes ? Encoding.UTF8.GetString(bytes) : null;

    /// <summary>Null where the file can't be read.</summary>
    public byte[]? Bytes(string file) => _text.TryRead(_proc.Of(Pid, file), out ReadOnlySpan<byte> text) ? text.ToArray() : null;

    /// <summary>Where a link leads, as the kernel writes it; null where that may not be known.</summary>
    public string? Link(string file) => Descriptor.ReadLink(_proc.Of(Pid, file));

    /// <summary>A path that a link of this folder gave, as the process would write it.</summary>
    public string Inside(string path) => LiveFiles.Inside(Prefix, path);

    private static string GroupPath(string group, string name) => "/sys/fs/cgroup" + group + "/" + name;

    private string GroupFile(string group, string name) =>
        _text.TryRead(GroupPath(group, name), out ReadOnlySpan<byte> text) ? Encoding.UTF8.GetString(text) : "";

    public void Dispose() => _root?.Dispose();
}
