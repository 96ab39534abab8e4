using System.Text;
using Kaa.Formats;
using Kaa.Linux.Files;

namespace Kaa.Doctor.Packages;

/// <summary>Alpine's database is one text (apk-tools, doc/apk-world and the file itself): P: name, V: version, A: architecture, F: directory, R: file in it.</summary>
internal sealed class ApkDatabase(TargetRoot root) : PackageDatabase(root)
{
    public override string Manager => "apk";

    public override string HistoryCommand => "cat /var/log/apk.log";

    public override IReadOnlyDictionary<string, InstalledPackage> OwnersOf(IReadOnlyCollection<string> paths)
    {
        var wanted = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (string path in paths)
            wanted[Unmerged(path)] = path;
        var owners = new Dictionary<string, InstalledPackage>(StringComparer.Ordinal);
        using Stream? stream = Root.OpenRead("/lib/apk/db/installed") ?? Root.OpenRead("/usr/lib/apk/db/installed");
        if (stream is null)
            return owners;
        using var lines = new StreamReader(stream, Encoding.UTF8);
        (string name, string? version, string? architecture, string directory) = ("", null, null, "");
        long read = 0;
        while (lines.ReadLine() is { } line && (read += line.Length) < Limits.PackageDatabase)
        {
            if (line.Length < 2 || line[1] != ':')
                continue;
            string value = line[2..];
            switch (line[0])
            {
                case 'P': (name, version, architecture) = (value, null, null); break;
                case 'V': version = value; break;
                case 'A': architecture = value; break;
                case 'F': directory = "/" + value + "/"; break;
                case 'R' when wanted.TryGetValue(Unmerged(directory + value), out string? path):
                    owners[path] = new InstalledPackage(name, version, architecture);
                    break;
            }
        }

        return owners;
    }

    public override IReadOnlyList<PackageEvent> EventsOf(string package) => [];

    public override string OwnerCommand(string path) => $"apk info --who-owns {ShellWord.Of(path)}";
}
