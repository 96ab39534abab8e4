using System.Text.Json.Serialization;

namespace Kaa.Tests.Live.Harness;

/// <summary>A Python that eng/pythons provides: one entry of its manifest.</summary>
public sealed record Interpreter
{
    public required string Name { get; init; }

    public required string Version { get; init; }

    /// <summary>What to put before the arguments of <c>python</c>.</summary>
    public required string[] Launch { get; init; }

    /// <summary>Root of a chroot; null for the host's.</summary>
    public string? Root { get; init; }

    /// <summary>Path as the host sees it.</summary>
    public string? Executable { get; init; }

    /// <summary>"glibc" or "musl".</summary>
    public string? Libc { get; init; }

    public bool FreeThreaded { get; init; }

    public bool Debug { get; init; }

    public bool Stripped { get; init; }

    /// <summary>The program that the interpreter is part of; null for a python.</summary>
    public string? Embedded { get; init; }

    [JsonIgnore]
    public Version Number => System.Version.Parse(string.Concat(Version.TakeWhile(c => char.IsAsciiDigit(c) || c == '.')));

    public bool AtLeast(int major, int minor) => Number >= new Version(major, minor);
}
