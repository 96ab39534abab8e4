using System.CommandLine;
using Kaa.Cli.Memory;
using Kaa.Recording.Analysis;

namespace Kaa.Cli.Commands;

/// <summary><c>kaa mem live</c>.</summary>
internal sealed class MemLiveVerb : Verb
{
    private static readonly string[] s_groups = ["line", "function", "file"];
    private static readonly string[] s_orders = ["held", "count", "allocated", "rate"];

    private readonly Argument<string> _target = new("PID") { Description = "The process; inside a container, its pid there or on the host." };

    private readonly Option<double?> _every = MakeOption.Amount("--every", "S", "Seconds between two tables, or until the screen is drawn anew (1).");

    private readonly Option<int> _count = MakeOption.Whole("--count", "N", 1, 0, "End after N tables, where they are printed.");

    private readonly Option<string> _by = new("--by") { Description = "Rows: line, function or file (line).", HelpName = "WHAT", DefaultValueFactory = _ => "line" };

    private readonly Option<string> _sort = new("--sort") { Description = "Their order: held, count, allocated or rate (held).", HelpName = "WHAT", DefaultValueFactory = _ => "held" };

    private readonly Option<string?> _thread = new("--thread") { Description = "Rows of one thread only, by its name or id.", HelpName = "THREAD" };

    private readonly Option<int> _rows = MakeOption.Whole("--rows", "N", 1, 10, "Rows of each table that is printed (10).");

    private readonly Option<bool> _json = MakeOption.Flag("--json", "Print JSON lines (docs/json.md), one for each table.");

    private readonly MemoryOptions _options = new();

    public MemLiveVerb()
        : base("live", "Show which line of Python allocates what, while it does.")
    {
        Add(_target);
        foreach (Option option in (Option[])[_every, _count, _by, _sort, _thread, _rows, _json])
            Add(option);
        _options.AddWithoutFileTo(this);
        SetAction(result => MemoryLiveCommand.Run(Read(result)));
    }

    public override IReadOnlyList<string> Details =>
    [
        "On a terminal, a screen: what is held and what is resident over time, and a row for each line that allocates. Keys: h, c, a, r sort by held, count, allocated, rate; l, f, p show lines, "
        + "functions, files; t shows the next thread alone, T all; arrows and pages move; q or Ctrl-C quits. Elsewhere tables are printed. Only what is allocated after the attach is known; no file is written.",
    ];

    public override IReadOnlyList<Example> Examples =>
    [
        new("kaa mem live 4711", "a screen; q quits, and the process goes on"),
        new("kaa mem live 4711 --sort rate --every 5 --count 3 | cat", "three tables"),
    ];

    public override Completes Completes => Completes.Pids;

    private MemoryLiveArguments Read(ParseResult result) => new()
    {
        Pid = ProcessWord.Pid(result.GetValue(_target)!, FullName),
        Request = _options.Request(result, FullName),
        Duration = _options.Duration(result),
        Every = TimeSpan.FromSeconds(result.GetValue(_every) ?? 1),
        Count = result.GetValue(_count),
        Kind = (GroupKind)OneOf(s_groups, result.GetValue(_by)!, "--by"),
        Order = (LiveOrder)OneOf(s_orders, result.GetValue(_sort)!, "--sort"),
        Thread = result.GetValue(_thread),
        Rows = result.GetValue(_rows),
        Json = result.GetValue(_json),
    };
}
