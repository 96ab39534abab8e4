using System.Text;
using Kaa.Formats;
using Kaa.Linux.Files;

namespace Kaa.Doctor.Packages;

/// <summary>
/// dpkg's files (dpkg(1), "FILES"): <c>/var/lib/dpkg/status</c>, a list of files for each package in <c>/var/lib/dpkg/info</c>, and
/// <c>/var/log/dpkg.log</c>. Images without dpkg keep <c>status.d</c>, one stanza a file.
/// </summary>
internal sealed class DpkgDatabase(TargetRoot root) : PackageDatabase(root)
{
    private const string Information = "/var/lib/dpkg/info/";

    private byte[]? _status;

    public override string Manager => "dpkg";

    public override string HistoryCommand => "zgrep -h -E ' (upgrade|install|remove) ' /var/log/dpkg.log*";

    /// <summary>What apt knows of archives; null where it knows none.</summary>
    public AptLists? Lists() => AptLists.Open(Root);

    /// <summary>The stanza of an installed package; null where it is not installed.</summary>
    public DebianStanza? Find(string name)
    {
        foreach (DebianStanza stanza in DebianStanza.All(Status(), name))
        {
            if (stanza["Status"] is null or "install ok installed" or "hold ok installed")
                return stanza;
        }

        return null;
    }

    public override IReadOnlyDictionary<string, InstalledPackage> OwnersOf(IReadOnlyCollection<string> paths)
    {
        var wanted = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (string path in paths)
            wanted[Unmerged(path)] = path;
        var owners = new Dictionary<string, InstalledPackage>(StringComparer.Ordinal);
        if (wanted.Count == 0)
            return owners;
        foreach (string list in ByLikelihood(Root.List(Information, Limits.Packages)))
        {
            if (owners.Count == wanted.Count)
                break;
            ReadList(list, wanted, owners);
        }

        return owners;
    }

    public override IReadOnlyList<PackageEvent> EventsOf(string package) => DpkgLog.EventsOf(Root, package);

    public override string OwnerCommand(string path) => $"dpkg -S {ShellWord.Of(path)}";

    /// <summary>Those that have Python or the C library first: mostly no other list is opened.</summary>
    private static IEnumerable<string> ByLikelihood(IReadOnlyList<string> names) => names
        .Where(name => name.EndsWith(".list", StringComparison.Ordinal))
        .OrderBy(name => name.StartsWith("libc6", StringComparison.Ordinal) ? 0
            : name.StartsWith("libpython", StringComparison.Ordinal) || name.StartsWith("python3", StringComparison.Ordinal) ? 1
            : name.StartsWith("lib", StringComparison.Ordinal) ? 2 : 3);

    private void ReadList(string list, Dictionary<string, string> wanted, Dictionary<string, InstalledPackage> owners)
    {
        using Stream? stream = Root.OpenRead(Information + list);
        if (stream is null || stream.Length > Limits.PackageDatabase)
            return;
        byte[] text = GC.AllocateUninitializedArray<byte>((int)stream.Length);
        int length = stream.ReadAtLeast(text, text.Length, throwOnEndOfStream: false);
        InstalledPackage? package = null;
        foreach ((string file, string path) in wanted)
        {
            if (owners.ContainsKey(path) || !HasLine(text.AsSpan(0, length), file))
                continue;
            package ??= Describe(list[..^".list".Length]);
            owners[path] = package;
        }
    }

    // The list has the file's whole name, or the one without /usr.
    private static bool HasLine(ReadOnlySpan<byte> text, string file)
    {
        byte[] wanted = Encoding.UTF8.GetBytes(file + "\n");
        while (true)
        {
            int at = text.IndexOf(wanted);
            if (at < 0)
                return false;
            ReadOnlySpan<byte> before = text[..at];
            if (before.IsEmpty || before[^1] == '\n' || before.EndsWith("\n/usr"u8) || before.SequenceEqual("/usr"u8))
                return true;
            text = text[(at + wanted.Length)..];
        }
    }

    /// <param name="name">As the list is called: libc6:amd64.</param>
    private InstalledPackage Describe(string name)
    {
        int colon = name.IndexOf(':', StringComparison.Ordinal);
        (string package, string? architecture) = colon < 0 ? (name, null) : (name[..colon], name[(colon + 1)..]);
        foreach (DebianStanza stanza in DebianStanza.All(Status(), package))
        {
            if (architecture is null || stanza["Architecture"] == architecture)
                return new InstalledPackage(package, stanza["Version"], stanza["Architecture"]);
        }

        return new InstalledPackage(package, null, architecture);
    }

    private byte[] Status()
    {
        if (_status is not null)
            return _status;
        using var all = new MemoryStream();
        Append(all, "/var/lib/dpkg/status");
        foreach (string name in Root.List("/var/lib/dpkg/status.d", Limits.Packages))
        {
            if (!name.EndsWith(".md5sums", StringComparison.Ordinal))
                Append(all, "/var/lib/dpkg/status.d/" + name);
        }

        return _status = all.ToArray();
    }

    private void Append(MemoryStream all, string path)
    {
        using Stream? stream = Root.OpenRead(path);
        if (stream is null || stream.Length > Limits.PackageDatabase || all.Length > Limits.PackageDatabase)
            return;
        stream.CopyTo(all);
        all.Write("\n\n"u8);
    }
}
