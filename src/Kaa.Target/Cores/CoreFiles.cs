using Kaa.Formats.ProcText;

namespace Kaa.Target.Cores;

/// <summary>Files as the process of a core saw them, as far as they are here.</summary>
internal sealed class CoreFiles(RootedFiles root, MappedFiles mapped) : ITargetFiles
{
    /// <summary>No core tells it.</summary>
    public string? WorkingDirectory => null;

    public Stream? OpenRead(string path) => root.OpenRead(path);

    public Stream? OpenMapped(Mapping mapping) => mapped.Find(mapping.Start)?.File.Reopen();

    public double? ModifiedAt(string path) => root.ModifiedAt(path);
}
