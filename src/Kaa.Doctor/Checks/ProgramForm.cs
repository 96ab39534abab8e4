using Kaa.Linux.Files;
using Kaa.Python;
using Kaa.Results;

namespace Kaa.Doctor.Checks;

/// <summary>Programs that are not "python script.py": an interpreter inside of another program, an application in one zip (zipapp, pex, shiv).</summary>
internal static class ProgramForm
{
    /// <summary>The end record of a zip may have a comment of 64 KiB behind it (APPNOTE.TXT 4.3.16).</summary>
    private const int ZipTail = (64 << 10) + 22;

    /// <summary>A start is known to a hundredth of a second, and file systems keep times of their own: an archive made just before is not newer.</summary>
    private const double ClockTolerance = 1;

    /// <summary>True for python, python3.11, pythonw, and what distributions make of it.</summary>
    public static bool IsPython(string path) => path[(path.LastIndexOf('/') + 1)..].Contains("python", StringComparison.OrdinalIgnoreCase);

    public static IEnumerable<Finding> Examine(Examined examined, InterpreterInfo info, SysFacts? sys)
    {
        if (info.Executable is { } executable && !IsPython(executable))
        {
            yield return new Finding("embedded", Severity.Info, $"Python is embedded in {executable}: tools that go by the program's name do not find it")
            {
                Evidence = ["executable: " + executable, "interpreter: " + (info.Library ?? "linked into it"), $"sys.executable: '{sys?.Executable}'"],
                Subject = executable,
            };
        }

        if (Archive(examined, sys) is not { } archive)
            yield break;
        if (examined.Process?.Root is not { } root)
            yield break;
        FileFacts? facts = root.Facts(archive);
        bool isNewer = facts is { } found && examined.Target?.StartedAt is { } started && found.ModifiedAt > started + ClockTolerance;
        if (facts is null)
        {
            yield return new Finding("zip-app-gone", Severity.Warning, "the archive that the program runs from is gone: its source lines can't be shown, and imports that are still to come fail")
            {
                Evidence = [archive + ": no such file"],
                Remedy = ["# put the same build back at that path, or restart the program"],
                Subject = archive,
            };
        }
        else if (IsZip(root, archive))
        {
            yield return new Finding(
                isNewer ? "zip-app-replaced" : "zip-app", isNewer ? Severity.Warning : Severity.Info,
                isNewer ? "the archive that the program runs from was replaced since the start: source lines may be those of another build, and imports that are still to come fail"
                    : "the program runs from one archive: debuggers that look for its source files find none, Kaa reads them from inside of it")
            {
                Evidence = [$"sys.argv[0]: {sys?.Script}", $"sys.path[0]: {sys?.FirstPath}", .. isNewer ? (string[])["it is newer than the process"] : []],
                Remedy = isNewer ? ["# restart the program"] : [$"unzip -l {ShellWord.Of(archive)}"],
                Subject = archive,
            };
        }
    }

    /// <summary>The file that was run, if it may be an archive: no source file, and no directory.</summary>
    private static string? Archive(Examined examined, SysFacts? sys)
    {
        string? name = sys?.Script is { Length: > 0 } script && script != "-c" && script != "-m" && !script.EndsWith(".py", StringComparison.Ordinal) ? script : null;

        // A zip that is run is the first entry of sys.path itself (runpy).
        bool isRunZip = name is not null && sys?.FirstPath == name;
        if (name is null || (!isRunZip && !HasArchiveName(name)))
            return null;
        if (name.StartsWith('/'))
            return name;
        return examined.Target?.Files.WorkingDirectory is { } directory ? directory.TrimEnd('/') + "/" + name : null;
    }

    private static bool HasArchiveName(string name) =>
        name.EndsWith(".pex", StringComparison.Ordinal) || name.EndsWith(".pyz", StringComparison.Ordinal) || name.EndsWith(".zip", StringComparison.Ordinal) || name.EndsWith(".par", StringComparison.Ordinal);

    private static bool IsZip(TargetRoot root, string path)
    {
        using Stream? stream = root.OpenRead(path);
        if (stream is null)
            return false;
        byte[] tail = new byte[(int)Math.Min(stream.Length, ZipTail)];
        stream.Seek(-tail.Length, SeekOrigin.End);
        int length = stream.ReadAtLeast(tail, tail.Length, throwOnEndOfStream: false);
        return tail.AsSpan(0, length).LastIndexOf("PK\x05\x06"u8) >= 0;
    }
}
