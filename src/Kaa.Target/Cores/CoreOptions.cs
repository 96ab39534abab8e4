namespace Kaa.Target.Cores;

/// <summary>Where the files of a core are to be found.</summary>
public sealed record CoreOptions
{
    /// <summary>The program that the process ran; null where the core's own path is to be taken.</summary>
    public string? Exe { get; init; }

    /// <summary>
    /// The directory that was the process's root, or holds a copy of its files, by path or all in one directory; null for this machine's root.
    /// </summary>
    public string? SysRoot { get; init; }

    /// <summary>Called now and then while a compressed core is unpacked, which can take long; may throw to end it.</summary>
    public Action? OnProgress { get; init; }
}
