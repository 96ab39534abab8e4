using System.CommandLine;
using Kaa.Cli.Memory;

namespace Kaa.Cli.Commands;

/// <summary><c>kaa mem detach</c>.</summary>
internal sealed class MemDetachVerb : Verb
{
    private readonly Argument<string> _target = new("PID") { Description = "The process; inside a container, its pid there or on the host." };

    public MemDetachVerb()
        : base("detach", "End the recording of a process, from another terminal.")
    {
        Add(_target);
        SetAction(result => MemoryCommand.Detach(ProcessWord.Pid(result.GetValue(_target)!, FullName)));
    }

    public override IReadOnlyList<Example> Examples => [new("kaa mem detach 4711", "end the recording from another terminal")];

    public override Completes Completes => Completes.Pids;
}
