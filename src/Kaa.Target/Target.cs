using Kaa.Formats;
using Kaa.Formats.ProcText;
using Kaa.Results;

namespace Kaa.Target;

/// <summary>
/// One process or core behind one door: what is mapped, which threads there are, how to look. Kaa.Linux supplies live ones,
/// this room opens cores. Nothing here knows Python.
/// </summary>
public abstract class ObservedTarget : IDisposable
{
    private ModuleImages? _images;

    public abstract TargetInfo Info { get; }

    /// <summary>
    /// Memory for facts that do not change while the process runs this image: ELF headers, symbol tables, the text of the
    /// interpreter, <c>_Py_DebugOffsets</c>. Cached for good. What the program changes is read in a <see cref="Look"/>.
    /// </summary>
    public abstract IMemory Constants { get; }

    /// <summary>
    /// Memory as it is now, for a short read of what moves but needs no standstill (which interpreters live, where the version's
    /// number lies). Nothing is stopped; cached for as long as the caller keeps it, each call begins afresh.
    /// </summary>
    public abstract IMemory Glance();

    public abstract IReadOnlyList<Mapping> Mappings { get; }

    public abstract ModuleMap Modules { get; }

    public abstract ITargetFiles Files { get; }

    /// <summary>What a reader of any answer about this target should know; may grow while it is read.</summary>
    public virtual IReadOnlyList<Note> Notes => [];

    /// <summary>Where debug files are sought besides the target's root. Set before the first use of <see cref="Images"/>.</summary>
    public DebugFileSearch DebugFiles { get; set; } = new();

    /// <summary>The ELF side of the modules: symbols, sections, build-ids.</summary>
    public ModuleImages Images => _images ??= new ModuleImages(Constants, Files, DebugFiles);

    /// <summary>When the process started, in Unix seconds; null where not known.</summary>
    public abstract double? StartedAt { get; }

    /// <summary>What a file descriptor of the target is now (a path, a socket with its addresses); null where that is not known, as of a core.</summary>
    public virtual string? DescribeDescriptor(int descriptor) => null;

    /// <summary>
    /// Calls <paramref name="observer"/> until all threads have been read in a moment in which they stood still, or the budget is spent.
    /// </summary>
    public abstract LookResult Observe(ILookObserver observer, LookOptions options);

    public void Dispose()
    {
        _images?.Dispose();
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing)
    {
    }
}

/// <summary>Files as the target sees them: its own mount namespace and root.</summary>
public interface ITargetFiles
{
    /// <summary>Opens a regular file for reading; null where it does not exist there or may not be read. Never a device or a pipe.</summary>
    /// <param name="path">Absolute, as the target would write it.</param>
    Stream? OpenRead(string path);

    /// <summary>
    /// Opens the very file that is mapped, even when it was deleted or replaced since; null where that can't be had.
    /// </summary>
    Stream? OpenMapped(Mapping mapping);

    /// <summary>Opens a regular file that has been deleted, and that the target still has open under this path; null where it has none such.</summary>
    Stream? OpenDeleted(string path) => null;

    /// <summary>Last change of a file, in Unix seconds; null where it does not exist.</summary>
    double? ModifiedAt(string path);

    /// <summary>The target's current directory, as it would write it; null where not known.</summary>
    string? WorkingDirectory { get; }
}
