using System.CommandLine;
using Kaa.Cli.Running;

namespace Kaa.Cli.Commands;

/// <summary><c>kaa repl</c> and <c>kaa pdb</c>: what they have in common.</summary>
internal abstract class SessionVerb : Verb
{
    private const double DefaultTimeout = 10;

    private readonly Argument<string> _target = new("PID") { Description = "The process; inside a container, its pid there or on the host." };

    private readonly Option<double?> _timeout = MakeOption.Amount("--timeout", "S", "Give up when no thread comes to a safe point within S seconds (10).");

    private readonly Option<string[]> _thread = MakeOption.Texts("--thread", "TID", "In this thread.");

    protected SessionVerb(string name, string summary)
        : base(name, summary)
    {
        Add(_target);
        Add(_timeout);
        Add(_thread);
    }

    public override Completes Completes => Completes.Pids;

    protected ExecArguments Read(ParseResult result)
    {
        string? tid = ExecVerb.One(result.GetValue(_thread), "--thread", Name);
        return new ExecArguments
        {
            Pid = ProcessWord.Pid(result.GetValue(_target)!, Name),
            Timeout = TimeSpan.FromSeconds(result.GetValue(_timeout) ?? DefaultTimeout),
            Tid = tid is null ? null : ProcessWord.Pid(tid, Name),
        };
    }
}

/// <summary><c>kaa repl</c>.</summary>
internal sealed class ReplVerb : SessionVerb
{
    private readonly Option<bool> _main = MakeOption.Flag("--main", "Work in the globals of __main__; else the session has a namespace of its own.");

    public ReplVerb()
        : base("repl", "A prompt of Python's inside a running process.")
    {
        Add(_main);
        SetAction(result => ReplCommand.Run(Read(result) with { InMain = result.GetValue(_main) }));
    }

    public override IReadOnlyList<string> Details =>
    [
        "Each input runs as kaa exec would run it, at a safe point; between two inputs the process works as ever. Names are kept in a namespace of the session's, which goes with it. "
        + "Ctrl-C interrupts what was entered, never the program.",
    ];

    public override IReadOnlyList<Example> Examples => [new("kaa repl 4711", "look around"), new("kaa repl 4711 --main", "with the names of the program's main module")];
}

/// <summary><c>kaa pdb</c>.</summary>
internal sealed class PdbVerb : SessionVerb
{
    public PdbVerb()
        : base("pdb", "The process's own pdb, in the frame that its main thread is in now.") => SetAction(result => PdbCommand.Run(Read(result)));

    public override IReadOnlyList<string> Details =>
    [
        "The thread stands still while pdb waits for a command; other threads run on. quit, the end of the input and Ctrl-C take breakpoints and tracing away, and the program goes on; "
        + "so it does where Kaa is killed. Needs the standard library's pdb in the process's own installation.",
    ];

    public override IReadOnlyList<Example> Examples => [new("kaa pdb 4711", "where, up, p name, next, break FILE:LINE, continue …"), new("kaa pdb 4711 --thread 4713", "in another thread, which must be waiting")];
}
