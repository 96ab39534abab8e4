using System.Globalization;
using Kaa.Control.Memory;
using Kaa.Linux.Files;
using Kaa.Report.Memory;
using Kaa.Results;

namespace Kaa.Cli.Memory;

/// <summary>FILE for the process that was asked for, FILE.PID for all others, FILE.PID.2 and so on for what such a one becomes.</summary>
internal sealed class RecordingFiles(string path, bool force)
{
    private readonly Dictionary<string, int> _made = new(StringComparer.Ordinal);
    private readonly List<GrowingFile> _open = [];
    private GrowingFile? _first;

    /// <summary>Makes FILE now, before anything is begun that it might be missing for.</summary>
    public void Prepare()
    {
        _first = GrowingFile.Create(path, force);
        _made[path] = 1;
    }

    /// <summary>For several threads.</summary>
    public Stream Open(int pid, bool isFirst)
    {
        lock (_made)
        {
            if (isFirst && _first is { } prepared)
            {
                _first = null;
                return Keep(prepared);
            }

            // A shell that became the program: nobody asked for what was recorded of it.
            if (isFirst)
            {
                _open.RemoveAll(file => file.Path == path);
                return Keep(GrowingFile.Create(path, force: true));
            }

            string name = string.Create(CultureInfo.InvariantCulture, $"{path}.{pid}");
            int order = _made.GetValueOrDefault(name) + 1;
            _made[name] = order;
            return Keep(GrowingFile.Create(order == 1 ? name : string.Create(CultureInfo.InvariantCulture, $"{name}.{order}"), force));
        }
    }

    private GrowingFile Keep(GrowingFile file)
    {
        _open.Add(file);
        return file;
    }

    public void AddChanges(List<Note> notes)
    {
        foreach (GrowingFile file in _open)
            MemoryCommand.AddFile(file, notes);
    }

    public void Say(RecordedProcesses all)
    {
        int others = _made.Count - (_made.ContainsKey(path) ? 1 : 0);
        string files = others > 0 ? string.Create(CultureInfo.InvariantCulture, $"{path} and {others} more ({path}.PID)") : path;
        MemoryCommand.Say($"{files}: {Quantity.Of(all.Allocations, "allocation")}, {ByteText.Of(all.Held)} held at the end; kaa mem report {path}");
    }
}
