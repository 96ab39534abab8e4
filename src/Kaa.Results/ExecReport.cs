namespace Kaa.Results;

/// <summary>How code came to run in the target.</summary>
public enum ExecWay
{
    /// <summary>The interpreter was asked to run a script, by its own interface for that (PEP 768).</summary>
    RemoteExec,

    /// <summary>The main thread ran it between two of its instructions.</summary>
    PendingCall,

    /// <summary>A thread that waited in a system call ran it, and then waited on.</summary>
    ParkedThread,
}

/// <summary>Code that ran in a process: the answer of <c>kaa exec</c>.</summary>
public sealed record ExecReport
{
    public string Stdout { get; init; } = "";

    public string Stderr { get; init; } = "";

    /// <summary>repr of the value of a final expression; null where there is none, or it is None.</summary>
    public string? Result { get; init; }

    /// <summary>The traceback as the interpreter itself prints it; null where nothing was raised.</summary>
    public string? Exception { get; init; }

    /// <summary>It ended without a word of its own: <see cref="Exception"/> says what is known.</summary>
    public bool WasCutShort { get; init; }

    /// <summary>The thread that ran it.</summary>
    public required int Tid { get; init; }

    public required ExecWay Way { get; init; }

    /// <summary>It had not ended, and could not be interrupted, when the time was up.</summary>
    public bool StillRunning { get; init; }

    /// <summary>Longest time, in microseconds, that a thread stood still for it, the run itself aside.</summary>
    public long PauseMicroseconds { get; init; }

    public double Seconds { get; init; }

    public IReadOnlyList<Note> Notes { get; init; } = [];
}
