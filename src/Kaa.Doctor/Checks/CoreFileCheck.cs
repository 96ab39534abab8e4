using Kaa.Results;
using Kaa.Target.Cores;

namespace Kaa.Doctor.Checks;

/// <summary>What a core lacks: bytes at its end, threads, stacks, files of its builds.</summary>
internal sealed class CoreFileCheck : ICheck
{
    public string Subject => "the core and its files";

    public IEnumerable<Finding> Examine(Examined examined)
    {
        if (examined.Target is not CoreTarget core)
            yield break;

        // All symbols are asked for first, so that every file that they need has been sought.
        foreach (Kaa.Target.Module module in core.Modules.Modules)
            _ = core.Images.For(module).File;
        int count = 0;
        foreach (Note note in core.Notes)
        {
            Severity severity = SeverityOf(note);
            count += severity >= Severity.Warning ? 1 : 0;
            yield return new Finding(note.Code, severity, note.Message)
            {
                Evidence = note.Subject is { } subject ? [subject] : [],
                Remedy = RemedyOf(note, core),
                Subject = note.Subject,
            };
        }

        if (count == 0)
            yield return new Finding("core-ok", Severity.Ok, "the core is whole, and the files of its builds are here");
    }

    private static Severity SeverityOf(Note note) => note.Code switch
    {
        "core-truncated" or "core-without-threads" or "core-stacks-empty" or "core-damaged" => Severity.Problem,
        "file-missing" or "file-other-build" => Severity.Warning,
        _ => Severity.Info,
    };

    private static string[] RemedyOf(Note note, CoreTarget core)
    {
        string path = ShellWord.Of(core.Info.Path ?? "CORE");
        return note.Code switch
        {
            "core-truncated" => ["# get the whole core: room on the disk, and for the next crash", "ulimit -c unlimited"],
            "core-stacks-empty" => ["# gdb before 17 loses them where the C library is glibc 2.42 or later; Kaa writes them:", "kaa core PID -o FILE"],
            "file-missing" or "file-other-build" or "files-missing" or "files-unproved" =>
                ["# copy the files of the machine or image that it ran on, by their paths, to a directory:", $"kaa bt {path} --sysroot DIR"],
            _ => [],
        };
    }
}
