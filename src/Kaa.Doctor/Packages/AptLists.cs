using System.IO.Compression;
using System.Text;
using Kaa.Formats;
using Kaa.Formats.Compression;
using Kaa.Linux.Files;

namespace Kaa.Doctor.Packages;

/// <summary>A version of a package that an archive has.</summary>
internal sealed record AvailablePackage(string Name, string Version, string? Depends, string? BuildIds)
{
    public bool HasBuild(string id) => BuildIds?.Contains(id, StringComparison.Ordinal) == true;
}

/// <summary>
/// What apt knows of archives: <c>/var/lib/apt/lists/*_Packages</c>, plain or packed (apt.conf(5), Acquire::GzipIndexes). Debian's main list has
/// 50 MB; it is searched as it is unpacked.
/// </summary>
internal sealed class AptLists
{
    private const string Directory = "/var/lib/apt/lists/";
    private const int Piece = 1 << 20;

    private readonly TargetRoot _root;
    private readonly List<string> _files;

    private AptLists(TargetRoot root, List<string> files)
    {
        _root = root;
        _files = files;
    }

    /// <summary>Null where there are none.</summary>
    public static AptLists? Open(TargetRoot root)
    {
        var files = new List<string>();
        foreach (string name in root.List(Directory, Limits.Packages))
        {
            int packages = name.LastIndexOf("_Packages", StringComparison.Ordinal);
            if (packages >= 0 && name[(packages + 9)..] is "" or ".lz4" or ".gz" or ".xz" or ".zst")
                files.Add(Directory + name);
        }

        return files.Count == 0 ? null : new AptLists(root, files);
    }

    /// <summary>All versions of these packages.</summary>
    public List<AvailablePackage> Find(IReadOnlyList<string> names)
    {
        var found = new List<AvailablePackage>();
        foreach (string file in _files)
        {
            try
            {
                using Stream? stream = Unpacked(file);
                if (stream is not null)
                    Search(stream, names, found);
            }
            catch (Exception damage) when (damage is BadData or InvalidDataException)
            {
                // A list that is just being written: what came out of it stands.
            }
        }

        return found;
    }

    private Stream? Unpacked(string path)
    {
        if (_root.OpenRead(path) is not { } stream)
            return null;
        if (path.EndsWith(".gz", StringComparison.Ordinal))
            return new GZipStream(stream, CompressionMode.Decompress);
        Span<byte> magic = stackalloc byte[Unpacking.MagicLength];
        int length = stream.ReadAtLeast(magic, magic.Length, throwOnEndOfStream: false);
        stream.Position = 0;
        return Unpacking.Open(stream, Unpacking.FormatOf(magic[..length]), Limits.PackageDatabase) ?? stream;
    }

    /// <summary>Pieces overlap by what the last whole stanza left over.</summary>
    private static void Search(Stream stream, IReadOnlyList<string> names, List<AvailablePackage> found)
    {
        byte[] buffer = GC.AllocateUninitializedArray<byte>(2 * Piece);
        int kept = 0;
        long total = 0;
        while (true)
        {
            int read = stream.ReadAtLeast(buffer.AsSpan(kept, buffer.Length - kept), Piece, throwOnEndOfStream: false);
            int length = kept + read;
            bool isLast = read < Piece;
            int end = isLast ? length : buffer.AsSpan(0, length).LastIndexOf("\n\n"u8) + 2;
            if (end < 2 && !isLast)
                return;
            foreach (string name in names)
                Collect(buffer.AsMemory(0, end), name, found);
            total += read;
            if (isLast || total > Limits.PackageDatabase)
                return;
            kept = length - end;
            buffer.AsSpan(end, kept).CopyTo(buffer);
            if (kept > Piece)
                return;
        }
    }

    private static void Collect(ReadOnlyMemory<byte> text, string name, List<AvailablePackage> found)
    {
        foreach (DebianStanza stanza in DebianStanza.All(text, name))
        {
            if (stanza["Version"] is { } version)
                found.Add(new AvailablePackage(name, version, stanza["Depends"], stanza["Build-Ids"]));
        }
    }
}
