using System.CommandLine;
using Kaa.Cli.Memory;
using Kaa.Recording.Analysis;

namespace Kaa.Cli.Commands;

/// <summary><c>kaa mem report</c>.</summary>
internal sealed class MemReportVerb : Verb
{
    private static readonly string[] s_views = ["peak", "leaks", "temporary", "all"];
    private static readonly string[] s_formats = ["text", "json", "html", "speedscope", "pprof", "collapsed"];
    private static readonly string[] s_groups = ["line", "function", "file", "module", "thread", "allocator"];

    private readonly Argument<string> _file = new("FILE") { Description = "A recording of kaa mem; one that still grows is read as far as it is there." };

    private readonly Option<string> _view = Word("--view", "VIEW", "What is reported: peak (held when most was), leaks (held at the end), temporary (given back at once), or all (peak).", "peak");

    private readonly Option<string?> _difference = new("--diff") { Description = "Report by how much FILE has more than this recording, line by line.", HelpName = "OTHER" };

    private readonly Option<double?> _at = MakeOption.Amount("--at", "S", "As of this many seconds after the start: what was held then is reported by --view leaks.");

    private readonly Option<string> _format = Word("--format", "FORMAT", "text, json, html (one page that needs no network), speedscope, pprof or collapsed (text).", "text");

    private readonly Option<bool> _json = MakeOption.Json();

    private readonly Option<string[]> _by = MakeOption.Texts("--by", "WHAT", "Tables of the text: line, function, file, module, thread, allocator; several times for several (line).");

    private readonly Option<int> _rows = MakeOption.Whole("--rows", "N", 1, 10, "Rows of each table (10).");

    private readonly Option<int> _within = MakeOption.Whole("--within", "N", 1, 1, "What its thread's next N allocations outlive is temporary (1).");

    private readonly Option<string?> _output = new("--output", "-o") { Description = "Where to write the report; - is standard output (-).", HelpName = "FILE" };

    private readonly Option<bool> _force = MakeOption.Flag("--force", "Replace that file where it exists.");

    public MemReportVerb()
        : base("report", "Report what a recording of allocations comes to.")
    {
        Add(_file);
        foreach (Option option in (Option[])[_view, _difference, _at, _format, _json, _by, _rows, _within, _output, _force])
            Add(option);
        SetAction(result => MemoryReportCommand.Run(Read(result)));
    }

    public override IReadOnlyList<Example> Examples =>
    [
        new("kaa mem report app.mem", "the line that held most at the peak, first of all"),
        new("kaa mem report app.mem --view leaks --by line --by module", "what is still held"),
        new("kaa mem report now.mem --diff then.mem", "which lines have grown"),
        new("kaa mem report app.mem --format html -o app.html", "a flame graph with search, and the course of time"),
        new("kaa mem report app.mem --format pprof -o app.pb.gz", "for pprof"),
    ];

    private static Option<string> Word(string name, string value, string description, string otherwise) =>
        new(name) { Description = description, HelpName = value, DefaultValueFactory = _ => otherwise };

    private MemoryReportArguments Read(ParseResult result)
    {
        string format = result.GetValue(_json) ? "json" : result.GetValue(_format)!;
        _ = OneOf(s_formats, format, "--format");
        string? before = result.GetValue(_difference);
        if (before is not null && format is not ("text" or "json" or "html"))
            throw new UsageError($"--diff reports text, json or html, not {format}", FullName);
        string[] by = result.GetValue(_by) ?? [];
        return new MemoryReportArguments
        {
            File = result.GetValue(_file)!,
            Before = before,
            View = (MemoryViewKind)OneOf(s_views, result.GetValue(_view)!, "--view"),
            Format = format,
            Groups = by.Length == 0 ? [GroupKind.Line] : Array.ConvertAll(by, word => (GroupKind)OneOf(s_groups, word, "--by")),
            Rows = result.GetValue(_rows),
            Analysis = new AnalysisRequest
            {
                TemporaryWithin = result.GetValue(_within),
                UntilMicroseconds = result.GetValue(_at) is { } seconds ? (long)(seconds * 1e6) : null,
            },
            Output = result.GetValue(_output) ?? "-",
            Force = result.GetValue(_force),
        };
    }
}
