namespace Kaa.Results;

/// <summary>Codes of notes that more than one room knows.</summary>
public static class NoteCodes
{
    /// <summary>A source file is newer than the process: its lines may not be those that run. Subject: the path.</summary>
    public const string SourceChanged = "source-changed";

    /// <summary>A source file does not exist in the target's root, or can't be read. Subject: the path.</summary>
    public const string SourceGone = "source-gone";

    /// <summary>A source file's name is relative, and was taken from the target's current directory. Subject: the name.</summary>
    public const string SourceRelative = "source-relative";

    /// <summary>A separate debug file was found that is of another build than the module, so it was not used. Subject: its path.</summary>
    public const string DebugFileMismatch = "debug-file-mismatch";

    /// <summary>A module's debug information breaks its format: names and lines of it may be missing. Subject: the module's path.</summary>
    public const string DebugInfoDamaged = "debug-info-damaged";

    /// <summary>The supplementary debug file (dwz) that debug information refers to is missing: names may be. Subject: the module's path.</summary>
    public const string DebugAltMissing = "debug-alt-missing";

    /// <summary>A program or library was deleted or replaced since it was loaded (or, of a core, before it was written). Subject: the path.</summary>
    public const string DeletedLibrary = "deleted-library";
}
