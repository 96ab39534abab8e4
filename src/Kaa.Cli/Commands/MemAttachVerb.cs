using System.CommandLine;
using System.Globalization;
using Kaa.Cli.Memory;

namespace Kaa.Cli.Commands;

/// <summary><c>kaa mem attach</c>.</summary>
internal sealed class MemAttachVerb : Verb
{
    private readonly Argument<string> _target = new("PID") { Description = "The process; inside a container, its pid there or on the host." };

    private readonly Option<string?> _output = new("--output", "-o") { Description = "Where to write the recording (./kaa-mem.PID).", HelpName = "FILE" };

    private readonly MemoryOptions _options = new();

    public MemAttachVerb()
        : base("attach", "Record the allocations of a running process.")
    {
        Add(_target);
        Add(_output);
        _options.AddTo(this);
        SetAction(result => MemoryCommand.Attach(Read(result)));
    }

    public override IReadOnlyList<string> Details =>
    [
        "Every allocation is recorded with its thread and Python stack, from the moment of the attach on: what was allocated before is not known. Nothing is installed in the "
        + "process, and no function of it is called; all threads stand still once for some milliseconds. When the recording ends, or Kaa is killed, the process goes on as before.",
    ];

    public override IReadOnlyList<Example> Examples =>
    [
        new("kaa mem attach 4711 -o app.mem --duration 60", "a minute of it"),
        new("kaa mem attach 4711 -o app.mem --sample 2M", "at next to no cost, for days"),
        new("kaa mem report app.mem", "what it comes to"),
    ];

    public override Completes Completes => Completes.Pids;

    private MemoryArguments Read(ParseResult result)
    {
        int pid = ProcessWord.Pid(result.GetValue(_target)!, FullName);
        return new MemoryArguments
        {
            Pid = pid,
            Output = result.GetValue(_output) ?? string.Create(CultureInfo.InvariantCulture, $"kaa-mem.{pid}"),
            Force = _options.Force(result),
            Duration = _options.Duration(result),
            Follows = _options.Follows(result),
            Request = _options.Request(result, FullName),
        };
    }
}
