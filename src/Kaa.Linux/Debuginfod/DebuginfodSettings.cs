using System.Text;
using Kaa.Linux.Files;

namespace Kaa.Linux.Debuginfod;

/// <summary>Which servers there are, and where files are kept, as debuginfod's own client has it.</summary>
internal static class DebuginfodSettings
{
    private const string Directory = "/etc/debuginfod";
    private const int MaxFile = 64 << 10;

    /// <summary>DEBUGINFOD_URLS, separated by blanks; else the files *.urls that a shell's profile makes it of (sudo has dropped it, most likely).</summary>
    public static IReadOnlyList<string> Servers()
    {
        string urls = Environment.GetEnvironmentVariable("DEBUGINFOD_URLS") ?? Configured();
        return urls.Split([' ', '\t', '\n', '\r'], StringSplitOptions.RemoveEmptyEntries);
    }

    /// <summary>Null where nothing tells of a place.</summary>
    public static string? Cache()
    {
        if (Environment.GetEnvironmentVariable("DEBUGINFOD_CACHE_PATH") is { Length: > 0 } named)
            return named.TrimEnd('/');
        if (Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } cache)
            return cache + "/debuginfod_client";
        return Environment.GetEnvironmentVariable("HOME") is { Length: > 0 } home ? home + "/.cache/debuginfod_client" : null;
    }

    private static string Configured()
    {
        var urls = new StringBuilder();
        string[] files = System.IO.Directory.Exists(Directory) ? System.IO.Directory.GetFiles(Directory, "*.urls") : [];
        Array.Sort(files, StringComparer.Ordinal);
        foreach (string path in files)
        {
            using Stream? file = HostFiles.OpenRead(path);
            if (file is null)
                continue;
            byte[] bytes = new byte[Math.Min(file.Length, MaxFile)];
            int got = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            urls.Append(Encoding.UTF8.GetString(bytes, 0, got)).Append(' ');
        }

        return urls.ToString();
    }
}
