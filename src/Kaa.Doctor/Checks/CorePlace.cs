using System.Globalization;
using Kaa.Linux.Files;
using Kaa.Linux.Processes;
using Kaa.Results;

namespace Kaa.Doctor.Checks;

/// <summary>Where <c>kernel.core_pattern</c> puts the core of one process.</summary>
internal sealed class CorePlace
{
    private CorePlace(string pattern) => Pattern = pattern;

    public string Pattern { get; }

    /// <summary>The core is piped to a program, which the kernel starts in the initial namespaces.</summary>
    public bool IsHandler => Pattern.StartsWith('|');

    public bool IsAbsolute => Pattern.StartsWith('/');

    /// <summary>For a person: "/var/crash/core.%p, 12 GiB free".</summary>
    public string Description { get; private set; } = "";

    /// <summary>The directory, or the handler; as the process sees it. Null where not known.</summary>
    public string? Path { get; private set; }

    public IReadOnlyList<string> Evidence { get; private set; } = [];

    /// <summary>Why nothing could be written there; null where nothing is known against it.</summary>
    public Finding? Hindrance { get; private set; }

    public static CorePlace Of(ProcessFolder process, HostFacts host, string pattern)
    {
        var place = new CorePlace(pattern);
        var evidence = new List<string> { $"kernel.core_pattern = {pattern}" };
        if (place.IsHandler)
            place.FindHandler(evidence, host);
        else
            place.FindDirectory(process, evidence, host);
        if (process.Container is { } container)
            evidence.Add($"core_pattern is one for the whole machine: container {container} has no pattern of its own");
        place.Evidence = evidence;
        return place;
    }

    private void FindHandler(List<string> evidence, HostFacts host)
    {
        string handler = Pattern[1..].Split(' ', 2)[0];
        Path = handler;
        Description = handler switch
        {
            _ when handler.EndsWith("systemd-coredump", StringComparison.Ordinal) => "systemd-coredump (coredumpctl list; coredumpctl dump PID -o FILE)",
            _ when handler.EndsWith("apport", StringComparison.Ordinal) => "apport (/var/crash; programs that no package brought leave none by default, see /etc/apport)",
            _ => "the handler " + handler,
        };

        // The kernel looks for it in the root of the initial mount namespace: from a container that can't be checked.
        bool isHost = host.Self is { NamespacePids.Count: <= 1 };
        if (isHost && !File.Exists(handler))
        {
            evidence.Add($"{handler}: no such file");
            Hindrance = new Finding("core-handler", Severity.Warning, "core_pattern names a handler that does not exist: crashes leave no core")
            {
                Evidence = [$"kernel.core_pattern = {Pattern}", $"{handler}: no such file"],
                Remedy = ["sudo sysctl kernel.core_pattern=/var/tmp/core.%e.%p"],
                Subject = handler,
            };
        }
    }

    private void FindDirectory(ProcessFolder process, List<string> evidence, HostFacts host)
    {
        string uses = host.Text("sys/kernel/core_uses_pid") ?? "0";
        bool hasPid = Pattern.Contains("%p", StringComparison.Ordinal) || Pattern.Contains("%P", StringComparison.Ordinal) || uses == "1";
        string? directory = IsAbsolute ? Pattern[..Math.Max(1, Pattern.LastIndexOf('/'))] : process.Link("cwd") is { } link ? process.Inside(link) : null;
        string name = Pattern[(IsAbsolute ? Pattern.LastIndexOf('/') + 1 : 0)..] + (uses == "1" && !Pattern.Contains("%p", StringComparison.Ordinal) ? ".PID" : "");
        Path = directory;
        Description = directory is null ? $"its current directory, as {name}" : $"{directory.TrimEnd('/')}/{name}";
        if (!IsAbsolute && directory is not null)
            evidence.Add("current directory: " + directory);
        if (!hasPid)
            evidence.Add("the name has no pid (%p): the next crash there overwrites it");
        if (directory is null || process.Root is not { } root)
            return;

        // A directory with a conversion in it (%e/…) is another one for each core.
        if (directory.Contains('%', StringComparison.Ordinal))
            return;
        Hindrance = Unwritable(process, root, directory) ?? NoRoom(process, root, directory, evidence);
    }

    private Finding? Unwritable(ProcessFolder process, TargetRoot root, string directory)
    {
        bool isDeleted = directory.EndsWith(" (deleted)", StringComparison.Ordinal);
        FileFacts? facts = isDeleted ? null : root.Facts(directory);
        if (facts is { IsDirectory: true } found && MayWrite(process, found))
            return null;
        string reason = isDeleted ? "it was deleted" : facts is not { } there ? "no such directory"
            : string.Create(CultureInfo.InvariantCulture, $"mode {Convert.ToString(there.Mode & 0xfff, 8)}, of user {there.User} and group {there.Group}; the process is user {process.Status.Uid.FileSystem}, group {process.Status.Gid.FileSystem}");
        return new Finding("core-directory", Severity.Warning, "the process can't write where its core would go: a crash leaves none")
        {
            Evidence = [$"kernel.core_pattern = {Pattern}", $"{directory}: {reason}"],
            Remedy = ["# an absolute path that everybody can write to, seen from the root of the process:", "sudo sysctl kernel.core_pattern=/var/tmp/core.%e.%p"],
            Subject = directory,
        };
    }

    private static Finding? NoRoom(ProcessFolder process, TargetRoot root, string directory, List<string> evidence)
    {
        if (root.FreeBytes(directory) is not { } free)
            return null;
        evidence.Add(string.Create(CultureInfo.InvariantCulture, $"room there: {free >> 20} MiB"));
        ulong size = process.Status.ResidentSize ?? 0;
        if (free >= size)
            return null;
        return new Finding("core-room", Severity.Warning, "the disk has less room than the process has in memory: its core would be cut short")
        {
            Evidence = [string.Create(CultureInfo.InvariantCulture, $"{directory}: {free >> 20} MiB free; in memory: {size >> 20} MiB")],
            Remedy = ["sudo sysctl kernel.core_pattern=/DIRECTORY-WITH-ROOM/core.%e.%p"],
            Subject = directory,
        };
    }

    /// <summary>By mode bits alone: access control lists and read-only mounts are not asked.</summary>
    private static bool MayWrite(ProcessFolder process, FileFacts directory)
    {
        const ulong DacOverride = 1ul << 1; // CAP_DAC_OVERRIDE
        const int WriteAndSearch = 3;
        var status = process.Status;
        if ((status.EffectiveCapabilities & DacOverride) != 0)
            return true;
        int shift = directory.User == status.Uid.FileSystem ? 6 : directory.Group == status.Gid.FileSystem || process.Groups.Contains(directory.Group) ? 3 : 0;
        return (directory.Mode >> shift & WriteAndSearch) == WriteAndSearch;
    }
}
