using Kaa.Formats;
using Kaa.Formats.Elf;
using Kaa.Linux.Files;

namespace Kaa.Doctor.Gdb;

/// <summary>The gdb of the machine that Kaa runs on. It is not run: what it is made of tells.</summary>
/// <param name="Path">Of the program, links followed.</param>
/// <param name="Python">The libpython that it is linked with; null where it has none.</param>
/// <param name="Data">Its data directory: /usr/share/gdb.</param>
internal sealed record GdbInstallation(string Path, string? Python, string Data)
{
    private const int MostSection = 1 << 20;

    /// <summary>The first on the PATH of this shell; null where there is none.</summary>
    public static GdbInstallation? Find(string? searchPath)
    {
        foreach (string directory in (searchPath ?? "/usr/local/bin:/usr/bin:/bin").Split(':', StringSplitOptions.RemoveEmptyEntries))
        {
            string path = directory.TrimEnd('/') + "/gdb";
            if (!File.Exists(path))
                continue;
            string real = File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path;
            int bin = real.LastIndexOf("/bin/", StringComparison.Ordinal);
            return new GdbInstallation(real, LinkedPython(real), (bin > 0 ? real[..bin] : "/usr") + "/share/gdb");
        }

        return null;
    }

    /// <summary>
    /// By the names in <c>.dynstr</c>: where there is no libpython among them, but the interpreter's own functions are in the program (a static
    /// build), it has one all the same, and the answer is "built in".
    /// </summary>
    private static string? LinkedPython(string path)
    {
        using Stream? stream = HostFiles.OpenRead(path);
        if (stream is null)
            return "unknown";
        try
        {
            using ElfFile file = ElfFile.Open(stream);
            if (file.FindSection(".dynstr") is not { HasContent: true, Size: <= MostSection } section)
                return "unknown";
            ReadOnlySpan<byte> names = file.ReadSection(section);
            int at = names.IndexOf("libpython"u8);
            if (at < 0)
                return names.IndexOf("Py_Initialize"u8) >= 0 ? "built in" : null;
            ReadOnlySpan<byte> name = names[at..];
            int end = name.IndexOf((byte)0);
            return System.Text.Encoding.ASCII.GetString(end < 0 ? name : name[..end]);
        }
        catch (BadData)
        {
            // A script that starts it, as Red Hat's was for a time.
            return "unknown";
        }
    }
}
