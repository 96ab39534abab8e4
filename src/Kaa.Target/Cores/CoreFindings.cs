using System.Globalization;
using Kaa.Formats;
using Kaa.Formats.Cores;
using Kaa.Formats.Elf;
using Kaa.Results;

namespace Kaa.Target.Cores;

/// <summary>What a reader of an answer from this core should know.</summary>
internal sealed class CoreFindings(
    CoreFile core, DumpedMemory dumped, IReadOnlyList<TargetThread> threads, MappedFiles files, FileSearch search, LinkedModules linked, string prefix, CoreOptions options)
{
    private const int Shown = 3;
    private const int TopOfStack = 256;

    /// <summary>What was done to unpack the core; null where it was not compressed.</summary>
    public Note? Unpacked { get; init; }

    /// <summary>The process's own stack does not tell its command.</summary>
    public bool IsCommandCut { get; init; }

    public IReadOnlyList<Note> Notes()
    {
        var notes = new List<Note>();
        if (Unpacked is not null)
            notes.Add(Unpacked);
        AddFile(notes);
        AddNotes(notes);
        if (prefix.Length > 0 && options.SysRoot is null)
            notes.Add(new Note("core-root", $"the process ran in a root of its own: its files are looked for in {prefix}", prefix));
        var said = new HashSet<(string, MappedFileState)>();
        foreach (MappedFile file in files.All)
            AddState(file, said, notes);
        AddUnproved(notes);
        AddMissing(notes);
        return notes;
    }

    private void AddFile(List<Note> notes)
    {
        if (core.MissingBytes is > 0 and ulong missing)
        {
            string bytes = string.Create(CultureInfo.InvariantCulture, $"{missing} of {unchecked(core.Length + missing)} bytes");
            notes.Add(new Note("core-truncated", $"the core is truncated: {bytes} are missing at its end", null, Incomplete: true));
        }
    }

    private void AddNotes(List<Note> notes)
    {
        if (core.Notes.Threads.Count == 0)
        {
            notes.Add(new Note(
                "core-without-threads", "the core has no notes of its threads: tids, registers and waits are unknown", null, Incomplete: true));
        }

        if (core.Notes.Files.Count == 0)
        {
            string unnamed = linked.Unnamed == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"; {linked.Unnamed} have no name");
            notes.Add(new Note(
                "core-without-files", "the core does not name its mapped files; they were found by their headers and the dynamic linker's list" + unnamed));
        }

        if (IsCommandCut)
            notes.Add(new Note("core-command", "the first stack is not in the core: of the command, 79 bytes at most are known, cut at blanks"));
        AddEmptyStacks(notes);
        foreach (BadData damage in core.Notes.Damages)
            notes.Add(new Note("core-damaged", "a note of the core can't be understood: " + damage.Message, null, Incomplete: true));
    }

    /// <summary>
    /// A thread's stack holds at least the return address of the call that it is in. gdb (13.1 does) gives up a mapping at the first page that it
    /// can't read, and leaves zeros: glibc 2.42 and later have such a page, the guard, inside each thread's stack mapping (MADV_GUARD_INSTALL).
    /// </summary>
    private void AddEmptyStacks(List<Note> notes)
    {
        int empty = 0;
        Span<byte> top = stackalloc byte[TopOfStack];
        foreach (TargetThread thread in threads)
        {
            if (thread.StackPointer is { } pointer && dumped.Read(pointer, top) == TopOfStack && !top.ContainsAnyExcept((byte)0))
                empty++;
        }

        if (empty > 0)
        {
            notes.Add(new Note(
                "core-stacks-empty",
                $"the core has nothing but zeros where the C stacks of {Quantity.Of(empty, "thread")} should be: whoever wrote it could not read them (gdb can't where the C library is glibc 2.42 or later)",
                null, Incomplete: true));
        }
    }

    /// <summary>Of files that the answer wanted.</summary>
    private void AddState(MappedFile file, HashSet<(string, MappedFileState)> said, List<Note> notes)
    {
        if (file.State is MappedFileState.Unsought or MappedFileState.NotProgram || !said.Add((file.Path, file.State)))
            return;
        switch (file.State)
        {
            case MappedFileState.Missing when file.IsWanted:
                string where = options.SysRoot is { } root ? $"in {root}" : "on this machine";
                string was = file.Deleted ? " (it was deleted or replaced while the process ran)" : "";
                notes.Add(new Note(
                    "file-missing", $"{file.Path} is not {where}{was}: what the core leaves to it is unknown; --sysroot says where the files are", file.Path,
                    Incomplete: true));
                break;
            case MappedFileState.OtherBuild:
                notes.Add(new Note(
                    "file-other-build",
                    $"{file.HostPath} is another build than the process had mapped{(file.Deleted ? ", which was deleted" : "")}: it is not used", file.Path));
                break;
            case MappedFileState.Proved when file.Deleted:
                notes.Add(new Note(NoteCodes.DeletedLibrary, $"{file.Path} had been deleted or replaced when the core was written; {file.HostPath} is its build", file.Path));
                break;
        }
    }

    /// <summary>Of programs and libraries that nothing was wanted of so far.</summary>
    private void AddMissing(List<Note> notes)
    {
        var missing = new List<string>();
        var asked = new HashSet<string>(StringComparer.Ordinal);
        foreach (MappedFile file in files.All)
        {
            if (!file.IsWanted && asked.Add(file.Path) && IsProgram(file) && !search.Exists(file))
                missing.Add(file.Path);
        }

        if (missing.Count == 0)
            return;
        notes.Add(new Note(
            "files-missing", $"not here, and not needed for this answer: {Names(missing)}", missing.Count == 1 ? missing[0] : null));
    }

    private void AddUnproved(List<Note> notes)
    {
        var unproved = new List<string>();
        var asked = new HashSet<string>(StringComparer.Ordinal);
        foreach (MappedFile file in files.All)
        {
            if (file.State == MappedFileState.Unproved && asked.Add(file.Path))
                unproved.Add(file.Path);
        }

        if (unproved.Count > 0)
        {
            notes.Add(new Note(
                "files-unproved",
                $"the core holds nothing that proves which build each of these was; they were taken by name and layout: {Names(unproved)}",
                unproved.Count == 1 ? unproved[0] : null));
        }
    }

    private static string Names(List<string> paths)
    {
        string names = string.Join(", ", paths.GetRange(0, Math.Min(Shown, paths.Count)));
        return paths.Count > Shown ? string.Create(CultureInfo.InvariantCulture, $"{names} and {paths.Count - Shown} more") : names;
    }

    private static bool IsProgram(MappedFile file) => file.Image?.Header.Type is ElfType.Executable or ElfType.SharedObject;
}
