namespace Kaa.Control.Debugging.Commands;

/// <summary>What must stand still while a word is at work.</summary>
public enum CommandReach
{
    /// <summary>All of the process.</summary>
    Process,

    /// <summary>It reads memory that other threads may change.</summary>
    Memory,

    /// <summary>The selected thread: it reads that one's registers, stack and frames, and what does not change.</summary>
    Thread,
}

/// <summary>One word of the debugger (<c>info threads</c> counts as one). Stateless: what it changes is the session's.</summary>
public abstract class DebugCommand
{
    /// <summary>As gdb spells it, with a blank where it is a word of another one: <c>thread apply</c>.</summary>
    public abstract string Name { get; }

    /// <summary>Other full names, and gdb's own short ones that would be ambiguous (<c>b</c>, <c>i</c>, <c>info r</c>).</summary>
    public virtual IReadOnlyList<string> Aliases => [];

    /// <summary>What it does, in one sentence without its end: <c>help</c> lists it.</summary>
    public abstract string Summary { get; }

    /// <summary>What may follow the word, and more that <c>help WORD</c> tells; null for nothing.</summary>
    public virtual string? Usage => null;

    /// <summary>What an empty line does after it; null where it does nothing (<c>run</c>, <c>attach</c>).</summary>
    /// <param name="line">As it was typed.</param>
    public virtual string? Again(string line) => line;

    /// <param name="argument">As <see cref="Execute"/> takes it.</param>
    public virtual CommandReach ReachOf(string argument) => CommandReach.Process;

    /// <param name="argument">What follows the word, without blanks around it; begins with '/' where a format was given (<c>x/4i $pc</c>).</param>
    /// <exception cref="Kaa.Results.UserError">It can't be done: the message is printed, and ends the script that asked.</exception>
    public abstract void Execute(DebugSession session, string argument);

    /// <summary>What Tab offers for the last word of the argument.</summary>
    public virtual IEnumerable<string> Complete(DebugSession session, string argument) => [];
}

/// <summary>A word that needs no class of its own.</summary>
public sealed class SimpleCommand(string name, string summary, Action<DebugSession, string> execute) : DebugCommand
{
    public override string Name => name;

    public override IReadOnlyList<string> Aliases => Also;

    public override string Summary => summary;

    public override string? Usage => More;

    public IReadOnlyList<string> Also { get; init; } = [];

    public string? More { get; init; }

    /// <summary>False: an empty line after it does nothing.</summary>
    public bool Repeats { get; init; } = true;

    public Func<DebugSession, string, IEnumerable<string>>? Completion { get; init; }

    public CommandReach Reach { get; init; }

    /// <summary>Where that depends on what follows the word.</summary>
    public Func<string, CommandReach>? ReachBy { get; init; }

    public override CommandReach ReachOf(string argument) => ReachBy?.Invoke(argument) ?? Reach;

    public override string? Again(string line) => Repeats ? line : null;

    public override void Execute(DebugSession session, string argument) => execute(session, argument);

    public override IEnumerable<string> Complete(DebugSession session, string argument) => Completion?.Invoke(session, argument) ?? [];
}
