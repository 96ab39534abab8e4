using System.Globalization;
using System.IO.Compression;
using System.Text;
using Kaa.Formats;
using Kaa.Linux.Files;

namespace Kaa.Doctor.Packages;

/// <summary><c>/var/log/dpkg.log</c> and the rotated ones before it: "2026-11-21 14:03:11 upgrade libc6:amd64 OLD NEW".</summary>
internal static class DpkgLog
{
    private const string Name = "dpkg.log";
    private const int MostFiles = 3;
    private const int TimeLength = 19;

    private static readonly string[] Actions = [" upgrade ", " install ", " remove "];

    public static IReadOnlyList<PackageEvent> EventsOf(TargetRoot root, string package)
    {
        var names = new List<string>();
        foreach (string name in root.List("/var/log", Limits.Packages))
        {
            if (name == Name || name.StartsWith(Name + ".", StringComparison.Ordinal))
                names.Add(name);
        }

        // dpkg.log, dpkg.log.1, dpkg.log.2.gz: the older the higher.
        names.Sort((left, right) => Number(left).CompareTo(Number(right)));
        var events = new List<PackageEvent>();
        foreach (string name in names.GetRange(0, Math.Min(MostFiles, names.Count)))
            events.InsertRange(0, Read(root, "/var/log/" + name, package));
        return events;
    }

    private static int Number(string name)
    {
        string[] parts = name.Split('.');
        return parts.Length > 2 && int.TryParse(parts[2], NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : 0;
    }

    private static List<PackageEvent> Read(TargetRoot root, string path, string package)
    {
        var events = new List<PackageEvent>();
        using Stream? file = root.OpenRead(path);
        if (file is null)
            return events;
        using Stream stream = path.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(file, CompressionMode.Decompress) : file;
        using var lines = new StreamReader(stream, Encoding.UTF8);
        long read = 0;
        try
        {
            while (lines.ReadLine() is { } line && (read += line.Length) < Limits.PackageDatabase)
            {
                if (IsOf(line, package))
                    events.Add(new PackageEvent(line, TimeOf(line)));
            }
        }
        catch (InvalidDataException)
        {
            // A log that was cut while it was packed: what came out of it stands.
        }

        return events;
    }

    private static bool IsOf(string line, string package)
    {
        foreach (string action in Actions)
        {
            if (line.Length > TimeLength + action.Length && line.AsSpan(TimeLength).StartsWith(action))
            {
                ReadOnlySpan<char> rest = line.AsSpan(TimeLength + action.Length);
                return rest.StartsWith(package) && rest.Length > package.Length && rest[package.Length] is ':' or ' ';
            }
        }

        return false;
    }

    private static double? TimeOf(string line) =>
        DateTime.TryParseExact(line.AsSpan(0, TimeLength), "yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out DateTime time)
            ? (time - DateTime.UnixEpoch).TotalSeconds : null;
}
