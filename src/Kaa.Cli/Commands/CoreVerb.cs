using System.CommandLine;
using System.Globalization;
using Kaa.Cli.Cores;

namespace Kaa.Cli.Commands;

/// <summary><c>kaa core</c>.</summary>
internal sealed class CoreVerb : Verb
{
    private readonly Argument<string> _target = new("PID") { Description = "The process; inside a container, its pid there or on the host." };

    private readonly Option<string[]> _output = new("--output", "-o")
    {
        Description = "Where to write it (./core.PID); - is standard output.",
        HelpName = "FILE",
        Arity = ArgumentArity.OneOrMore,
        AllowMultipleArgumentsPerToken = false,
    };

    private readonly Option<bool> _force = MakeOption.Flag("--force", "Replace FILE where it exists.");

    private readonly Option<double?> _maxPause = MakeOption.Amount(
        "--max-pause", "MS", "Do nothing where the process would stand still for longer than this; the pause is predicted from its memory.");

    private readonly Option<bool> _noSnapshot = MakeOption.Flag(
        "--no-snapshot", "Do not have the process fork: it stands still until all is written.");

    private readonly Option<bool> _json = MakeOption.Json();

    public CoreVerb()
        : base("core", "Write a core of a running process that gdb and kaa bt open, with a short pause.")
    {
        Add(_target);
        foreach (Option option in (Option[])[_output, _force, _maxPause, _noSnapshot, _json])
            Add(option);
        SetAction(result => CoreCommand.Run(Read(result)));
    }

    public override IReadOnlyList<string> Details =>
    [
        "All threads are stopped, their registers are saved, the process is made to fork, and goes on at once; the frozen copy is written and then "
        + "ended. The program's own waitpid and SIGCHLD see nothing of it. That costs 20 to 40 ms a GiB of memory in pages of 4 KiB, and the "
        + "program some time afterwards for each page that it writes to while the copy is there.",
        "Where a process must not fork (its seccomp filter, a limit of processes or memory), it stands still until all is written, and a note says why. "
        + "Pages of zeros take no room in the file. It is 0600, belongs to whoever called sudo, and has its name only once it is whole.",
    ];

    public override IReadOnlyList<Example> Examples =>
    [
        new("kaa core 4711 -o /var/tmp/core.4711", "write it"),
        new("kaa core 4711 -o /var/tmp/core --max-pause 50", "only if the process stands still for at most 50 ms"),
        new("kaa core 4711 -o - | zstd > core.zst", "without room for all of it on this machine"),
        new("kaa bt /var/tmp/core.4711 --locals", "what it shows"),
    ];

    public override Completes Completes => Completes.Pids;

    private CoreArguments Read(ParseResult result)
    {
        int pid = ProcessWord.Pid(result.GetValue(_target)!, Name);
        string[] outputs = result.GetValue(_output) ?? [];
        if (outputs.Length > 1)
            throw new UsageError("--output can be given once", Name);
        return new CoreArguments
        {
            Pid = pid,
            Output = outputs.Length == 1 ? outputs[0] : string.Create(CultureInfo.InvariantCulture, $"core.{pid}"),
            Force = result.GetValue(_force),
            MaxPause = result.GetValue(_maxPause) is { } milliseconds ? TimeSpan.FromMilliseconds(milliseconds) : null,
            NoSnapshot = result.GetValue(_noSnapshot),
            Json = result.GetValue(_json),
        };
    }
}
