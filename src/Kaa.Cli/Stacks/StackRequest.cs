using System.Text.RegularExpressions;
using Kaa.Linux.Debuginfod;
using Kaa.Target.Cores;

namespace Kaa.Cli.Stacks;

/// <summary>What <c>kaa bt</c> was asked for.</summary>
internal sealed record StackRequest
{
    public const int DefaultMaxValue = 200;

    public required IReadOnlyList<int> Pids { get; init; }

    /// <summary>Paths of core files.</summary>
    public IReadOnlyList<string> Cores { get; init; } = [];

    /// <summary>Where the files of cores are.</summary>
    public CoreOptions CoreOptions { get; init; } = new();

    /// <summary>Where debug files are sought first; absolute.</summary>
    public IReadOnlyList<string> DebugDirectories { get; init; } = [];

    /// <summary>Servers are asked for debug files; null where not.</summary>
    public DebuginfodClient? Debuginfod { get; init; }

    public bool Locals { get; init; }

    public bool Tasks { get; init; }

    public int MaxValue { get; init; } = DefaultMaxValue;

    public IReadOnlyList<Regex> Redact { get; init; } = [];

    public int SourceLines { get; init; } = 1;

    /// <summary>C frames too.</summary>
    public bool Native { get; init; }

    /// <summary>All of them, the interpreter's plumbing included.</summary>
    public bool NativeAll { get; init; }

    /// <summary>Tids, idents or names; empty for all.</summary>
    public IReadOnlyList<string> Threads { get; init; } = [];

    public bool Subprocesses { get; init; }

    /// <summary>Null for a single look.</summary>
    public TimeSpan? Every { get; init; }

    /// <summary>0 for no end.</summary>
    public int Count { get; init; }

    public bool NonBlocking { get; init; }

    public TimeSpan? MaxPause { get; init; }

    public bool Json { get; init; }

    /// <summary>Whether JSON is an array: the same for one process that may have children as for many.</summary>
    public bool HasSeveralAnswers => Pids.Count + Cores.Count > 1 || Subprocesses;

    public bool? Colour { get; init; }
}
