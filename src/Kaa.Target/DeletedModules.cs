using Kaa.Formats;
using Kaa.Results;

namespace Kaa.Target;

/// <summary>Tells which programs and libraries of a process have been deleted or replaced since they were loaded, and what that costs.</summary>
public static class DeletedModules
{
    /// <summary>What the kernel calls files that never had a name (memfd_create): nobody deleted them.</summary>
    private const string Nameless = "/memfd:";

    /// <summary>A note for each, in order of address; empty for nearly every process, and costs nothing then.</summary>
    public static IReadOnlyList<Note> Notes(ObservedTarget target)
    {
        var notes = new List<Note>();
        foreach (Module module in target.Modules.Modules)
        {
            if (IsMarked(module) && target.Images.For(module) is { Elf: not null } image)
                notes.Add(Describe(image, target.Files));
        }

        return notes;
    }

    /// <summary>The kernel marks it as deleted, and it did have a name.</summary>
    public static bool IsMarked(Module module) => module.Deleted && !module.Path.StartsWith(Nameless, StringComparison.Ordinal);

    private static Note Describe(ModuleImage image, ITargetFiles files)
    {
        string path = image.Module.Path;
        string fate = files.ModifiedAt(path) is null ? "deleted" : "replaced by another file";
        string source = image.File is not null
            ? "what is loaded is read from memory and from the old file, which the kernel keeps (map_files)"
            : "what is loaded is read from memory; its old file can't be opened (that takes CAP_SYS_ADMIN or CAP_CHECKPOINT_RESTORE in the first "
                + "user namespace), so its C functions that are not exported, inlined calls and lines of C code are unknown";
        return new Note(NoteCodes.DeletedLibrary, $"{path} was {fate} after it was loaded: {source}", path);
    }
}
