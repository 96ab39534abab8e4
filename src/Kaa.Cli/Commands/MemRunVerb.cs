using System.CommandLine;
using System.CommandLine.Parsing;
using Kaa.Cli.Memory;

namespace Kaa.Cli.Commands;

/// <summary><c>kaa mem run</c>.</summary>
internal sealed class MemRunVerb : Verb
{
    private readonly Argument<string[]> _command = new("-- CMD")
    {
        Arity = ArgumentArity.OneOrMore,
        Description = "The program to start, with its arguments, behind --.",
    };

    private readonly Option<string?> _output = new("--output", "-o") { Description = "Where to write the recording (./kaa-mem).", HelpName = "FILE" };

    private readonly MemoryOptions _options = new();

    public MemRunVerb()
        : base("run", "Start a program and record its allocations from the first instruction on.")
    {
        Add(_command);
        Add(_output);
        _options.AddTo(this);
        SetAction(result => MemoryRunCommand.Run(Read(result)));
    }

    public override IReadOnlyList<string> Details =>
    [
        "The program keeps its terminal, streams and environment, and nothing is put into the latter. Its own status is returned: 125 where Kaa failed, 126 and 127 as env(1) has them. "
        + "SIGTERM is passed on to it; Ctrl-C goes to it as ever.",
    ];

    public override IReadOnlyList<Example> Examples =>
    [
        new("kaa mem run -o app.mem -- python3 app.py", "all of it, start and end included"),
        new("kaa mem run --follow -o app.mem -- gunicorn app:app", "with its workers: app.mem.4712 and so on"),
    ];

    private MemoryRunArguments Read(ParseResult result)
    {
        if (!result.Tokens.Any(token => token.Type == TokenType.DoubleDash))
            throw new UsageError("the program to start stands behind --", FullName);
        return new MemoryRunArguments
        {
            Command = result.GetValue(_command) ?? [],
            Output = result.GetValue(_output) ?? "kaa-mem",
            Force = _options.Force(result),
            Duration = _options.Duration(result),
            Follows = _options.Follows(result),
            Request = _options.Request(result, FullName),
        };
    }
}
