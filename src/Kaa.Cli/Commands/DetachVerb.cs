using System.CommandLine;
using Kaa.Cli.Leftovers;

namespace Kaa.Cli.Commands;

/// <summary><c>kaa detach</c>.</summary>
internal sealed class DetachVerb : Verb
{
    private readonly Argument<string> _target = new("PID") { Description = "The process; inside a container, its pid there or on the host." };

    private readonly Option<bool> _json = MakeOption.Json();

    public DetachVerb()
        : base("detach", "Take back whatever a killed or lost kaa left in a process.")
    {
        Add(_target);
        Add(_json);
        SetAction(result => DetachCommand.Run(ProcessWord.Pid(result.GetValue(_target)!, Name), result.GetValue(_json)));
    }

    public override IReadOnlyList<string> Details =>
    [
        "The program's own bytes are put back where hooks were, agents are switched off, ended copies of kaa core are taken by the process. Memory "
        + "that a thread may still come back to stays mapped; nothing of it runs by itself. A process in which a kaa was killed needs none of this to "
        + "go on: its hooks do nothing without a kaa that listens.",
    ];

    public override IReadOnlyList<Example> Examples => [new("kaa detach 4711", "leave nothing behind")];

    public override Completes Completes => Completes.Pids;
}
