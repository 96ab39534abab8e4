using System.Text;
using Kaa.Formats.ProcText;
using Kaa.Target;

namespace Kaa.Tests.Unit;

/// <summary>A target's file system by hand.</summary>
public sealed class FakeFiles : ITargetFiles
{
    private readonly Dictionary<string, (byte[] Bytes, double Modified)> _files = [];

    public string? WorkingDirectory { get; init; }

    /// <summary>How often a file was opened, or tried.</summary>
    public int Opened { get; private set; }

    public FakeFiles Add(string path, byte[] bytes, double modified = 0)
    {
        _files[path] = (bytes, modified);
        return this;
    }

    public FakeFiles Add(string path, string text, double modified = 0) => Add(path, Encoding.UTF8.GetBytes(text), modified);

    public Stream? OpenRead(string path)
    {
        Opened++;
        return _files.TryGetValue(path, out (byte[] Bytes, double) file) ? new MemoryStream(file.Bytes) : null;
    }

    public Stream? OpenMapped(Mapping mapping) => null;

    public double? ModifiedAt(string path) => _files.TryGetValue(path, out (byte[], double Modified) file) ? file.Modified : null;
}
