namespace Kaa.Control.Debugging.Execution;

public enum StopReason
{
    Breakpoint,
    Signal,

    /// <summary>Ctrl-C at Kaa.</summary>
    Interrupted,

    /// <summary>The instruction, or the function, that was asked for is done.</summary>
    Stepped,

    /// <summary>What <see cref="ResumePlan.IsDone"/> was asked for.</summary>
    Done,

    /// <summary>It has made a process that is to be debugged in its place.</summary>
    Forked,
    Exited,
}

/// <summary>Why a process that ran stands still again.</summary>
/// <param name="Tid">Of the thread that it is about; 0 where the process is gone.</param>
public sealed record StopReport(StopReason Reason, int Tid)
{
    /// <summary>The process that it is about.</summary>
    public LiveInferior Inferior { get; init; } = null!;

    /// <summary>Those that stopped it, of Kaa's own none.</summary>
    public IReadOnlyList<Breakpoint> Breakpoints { get; init; } = [];

    public int Signal { get; init; }

    /// <summary>Of a process that is gone: as shells count.</summary>
    public int Exit { get; init; }

    /// <summary>Of <see cref="StopReason.Forked"/>: the new process, which is traced and has run nothing yet.</summary>
    public int Child { get; init; }

    /// <summary>The new process has the memory of its parent until it runs another program.</summary>
    public bool IsVFork { get; init; }

    /// <summary>Why a condition could not be asked; null where it could.</summary>
    public string? ConditionError { get; init; }

    /// <summary>What of the first breakpoint's commands was done before it stopped; null for nothing.</summary>
    internal PartlyPassed? Partly { get; init; }

    /// <summary>What happened on the way: lines for the reader.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];
}

/// <summary>How a process is to go on.</summary>
/// <param name="StepTid">The one thread that makes one instruction; null: all go on.</param>
public sealed record ResumePlan(int? StepTid = null)
{
    /// <summary>Signal that the selected thread gets; null for the one that it stopped for.</summary>
    public int? Signal { get; init; }

    /// <summary>The selected thread goes on first; the others only where that takes long: it may wait for one of them.</summary>
    public bool IsAlone { get; init; }

    /// <summary>Asked again and again on the thread that traces; true ends the run. Null for nothing.</summary>
    public Func<bool>? IsDone { get; init; }
}
