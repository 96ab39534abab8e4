using Kaa.Formats.ProcText;
using Kaa.Target;

namespace Kaa.Tests.Unit.Target;

/// <summary>The target's files as a dictionary; what is mapped may differ from what lies at its path.</summary>
internal sealed class FakeTargetFiles : ITargetFiles
{
    public Dictionary<string, byte[]> ByPath { get; } = [];

    public Dictionary<string, byte[]> Mapped { get; } = [];

    /// <summary>How many files were opened.</summary>
    public int Opened { get; private set; }

    public string? WorkingDirectory => "/";

    public Stream? OpenRead(string path) => Open(ByPath, path);

    public Stream? OpenMapped(Mapping mapping) => Open(Mapped, mapping.Path);

    public double? ModifiedAt(string path) => ByPath.ContainsKey(path) ? 1 : null;

    private MemoryStream? Open(Dictionary<string, byte[]> files, string path)
    {
        if (!files.TryGetValue(path, out byte[]? bytes))
            return null;
        Opened++;
        return new MemoryStream(bytes, writable: false);
    }
}
