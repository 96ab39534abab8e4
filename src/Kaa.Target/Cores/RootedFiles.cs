namespace Kaa.Target.Cores;

/// <summary>
/// Files below a directory, as a process that has it as its root sees them: links and <c>..</c> do not lead out of it. Without any help of
/// the kernel's, so whoever changes the directory meanwhile can fool it.
/// </summary>
internal sealed class RootedFiles(string root)
{
    private const int MaxLinks = 40; // MAXSYMLINKS, include/linux/namei.h

    /// <summary>Without a slash at its end; empty for this machine's own root.</summary>
    public string Root { get; } = root.TrimEnd('/');

    /// <summary>Null where there is no such regular file with content, or it may not be read.</summary>
    public FileStream? OpenRead(string path) => Resolve(path) is { } real ? Open(real) : null;

    /// <summary>Last change in Unix seconds; null where there is no such file.</summary>
    public double? ModifiedAt(string path)
    {
        if (Resolve(path) is not { } real || !File.Exists(real))
            return null;
        return (File.GetLastWriteTimeUtc(real) - DateTime.UnixEpoch).TotalSeconds;
    }

    public bool Exists(string path) => Resolve(path) is { } real && File.Exists(real);

    /// <summary>Opens a file of this machine. Pipes and devices have no length: they are not opened, since that may block or do something.</summary>
    public static FileStream? Open(string real)
    {
        try
        {
            if (new FileInfo(real) is not { Exists: true, Length: > 0 })
                return null;

            // No buffer: whoever reads has one. Sharing everything: else .NET would put a lock on the file.
            return new FileStream(real, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            return null;
        }
    }

    /// <summary>Where a path leads on this machine; null where a part of it is missing.</summary>
    public string? Resolve(string path)
    {
        if (path.Contains('\0') || path.Length > Formats.Limits.Path)
            return null;
        if (Root.Length == 0)
            return path;
        try
        {
            return Walk(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return null;
        }
    }

    private string? Walk(string path)
    {
        var rest = new Stack<string>();
        var done = new List<string>();
        Push(rest, path);
        int links = 0;
        while (rest.TryPop(out string? part))
        {
            if (part == "..")
            {
                done.RemoveRange(Math.Max(0, done.Count - 1), Math.Min(1, done.Count));
                continue;
            }

            string here = Join(done) + "/" + part;
            if (new FileInfo(here).LinkTarget is not { } target)
            {
                done.Add(part);
                continue;
            }

            if (++links > MaxLinks)
                return null;
            if (target.StartsWith('/'))
                done.Clear();
            Push(rest, target);
        }

        return Join(done);
    }

    private string Join(List<string> parts) => parts.Count == 0 ? Root : Root + "/" + string.Join('/', parts);

    private static void Push(Stack<string> rest, string path)
    {
        string[] parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        for (int i = parts.Length - 1; i >= 0; i--)
        {
            if (parts[i] != ".")
                rest.Push(parts[i]);
        }
    }
}
