namespace Kaa.Target;

/// <summary>Where separate debug files are sought besides the target's own root.</summary>
public sealed record DebugFileSearch
{
    /// <summary>Directories on the host, arranged as /usr/lib/debug is: what <c>--debug-dir</c> names. Sought first.</summary>
    public IReadOnlyList<string> Directories { get; init; } = [];

    /// <summary>Asks servers for the debug file of a build, where no place on this machine has one; null where nobody is to be asked.</summary>
    public Func<byte[], Stream?>? Ask { get; init; }

    /// <summary>
    /// Opens a regular file of the host (never a device or a pipe) by its absolute path, null where there is none; null where only the target's
    /// root is to be searched.
    /// </summary>
    public Func<string, Stream?>? OpenHost { get; init; }
}
