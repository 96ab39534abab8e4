using System.CommandLine;
using Kaa.Cli.Processes;

namespace Kaa.Cli.Commands;

/// <summary><c>kaa ps</c>.</summary>
internal sealed class ProcessVerb : Verb
{
    private readonly Option<bool> _json = MakeOption.Json();

    public ProcessVerb()
        : base("ps", "List every Python process on this host, those in containers included.")
    {
        Add(_json);
        SetAction(result => ProcessCommand.Run(result.GetValue(_json)));
    }

    public override IReadOnlyList<string> Details =>
        ["Under a process stands what would hinder a look at it, and what an earlier kaa left in it."];

    public override IReadOnlyList<Example> Examples =>
    [
        new("kaa ps", "what is there to look at?"),
        new("kaa ps --json", "the same, for a program"),
    ];
}
