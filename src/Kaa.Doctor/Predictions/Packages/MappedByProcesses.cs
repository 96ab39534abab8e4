using System.Globalization;
using Kaa.Formats;
using Kaa.Formats.ProcText;
using Kaa.Linux.Files;
using Kaa.Linux.Proc;
using Kaa.Linux.Processes;
using Kaa.Results;

namespace Kaa.Doctor.Predictions.Packages;

/// <param name="Files">That it has mapped and that would be replaced, as the package names them.</param>
internal sealed record AffectedProcess(int Pid, string Command, bool IsPython, IReadOnlyList<string> Files);

/// <summary>Which processes have files of this machine's own root mapped. Those in containers have files of their own, which no package here touches.</summary>
internal sealed class MappedByProcesses(ProcRoot proc) : IDisposable
{
    private const int ShownCommand = 120;

    private readonly TargetRoot? _host = TargetRoot.Open("/");
    private readonly List<string> _refused = [];

    /// <summary>Processes whose mappings may not be read.</summary>
    public IReadOnlyList<string> Refused => _refused;

    public List<AffectedProcess> Find(IReadOnlyCollection<string> files)
    {
        var byPlace = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (string file in files)
            byPlace[Merged(file)] = file;
        var found = new List<AffectedProcess>();
        foreach (ProcessFacts process in ProcessList.Take(proc).All)
        {
            if (!process.IsKernelThread && process.State != ThreadState.Zombie && process.Pid != Environment.ProcessId && Look(process.Pid, byPlace) is { } affected)
                found.Add(affected);
        }

        return found;
    }

    /// <summary>Where /lib is a link to /usr/lib, packages may still write /lib.</summary>
    public static string Merged(string path)
    {
        foreach (string directory in (ReadOnlySpan<string>)["/lib", "/lib64", "/bin", "/sbin"])
        {
            if (path.StartsWith(directory + "/", StringComparison.Ordinal) && new FileInfo(directory).LinkTarget is not null)
                return "/usr" + path;
        }

        return path;
    }

    public void Dispose() => _host?.Dispose();

    private AffectedProcess? Look(int pid, Dictionary<string, string> byPlace)
    {
        try
        {
            using ProcessFolder folder = ProcessFolder.Require(proc, pid);
            if (!IsOfThisRoot(folder))
                return null;
            if (folder.Bytes("maps") is not { } maps)
            {
                if (folder.Text("status") is { Length: > 0 } status && !status.Contains("\nState:\tZ", StringComparison.Ordinal))
                    _refused.Add(string.Create(CultureInfo.InvariantCulture, $"process {pid} ({folder.Status.Name})"));
                return null;
            }

            return Judge(folder, MapsParser.Parse(maps), byPlace);
        }
        catch (Exception gone) when (gone is UserError or BadData)
        {
            // It has ended as we look.
            return null;
        }
    }

    private static AffectedProcess? Judge(ProcessFolder folder, List<Mapping> mappings, Dictionary<string, string> byPlace)
    {
        var files = new List<string>();
        bool isPython = false;
        foreach (Mapping mapping in mappings)
        {
            // One that is marked as deleted was replaced before: that harm is done.
            if (!mapping.IsFile || mapping.Deleted)
                continue;
            string name = mapping.Path[(mapping.Path.LastIndexOf('/') + 1)..];
            isPython |= name.Contains("python", StringComparison.OrdinalIgnoreCase);
            if (byPlace.TryGetValue(Merged(mapping.Path), out string? file) && !files.Contains(file))
                files.Add(file);
        }

        if (files.Count == 0)
            return null;
        string command = string.Join(' ', folder.Command);
        command = command.Length > ShownCommand ? command[..ShownCommand] + "…" : command.Length > 0 ? command : folder.Status.Name;
        return new AffectedProcess(folder.Pid, command, isPython, files);
    }

    private bool IsOfThisRoot(ProcessFolder folder)
    {
        if (folder.Root?.Facts("/") is not { } theirs || _host?.Facts("/") is not { } ours)
            return folder.Link("root") is null or "/";
        return (theirs.Device, theirs.Inode) == (ours.Device, ours.Inode);
    }

    public static string Text(AffectedProcess process) => string.Create(CultureInfo.InvariantCulture, $"process {process.Pid} ({process.Command})");
}
