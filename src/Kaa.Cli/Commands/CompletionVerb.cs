using System.CommandLine;
using Kaa.Cli.Generate;
using Kaa.Cli.Output;

namespace Kaa.Cli.Commands;

/// <summary><c>kaa completion SHELL</c>.</summary>
internal sealed class CompletionVerb : Verb
{
    private readonly Argument<string> _shell = new("SHELL") { Description = "bash, zsh or fish." };

    public CompletionVerb()
        : base("completion", "Print a script that completes kaa's commands and options in a shell.")
    {
        Add(_shell);
        SetAction(result => Print(result.GetValue(_shell)!));
    }

    public override IReadOnlyList<Example> Examples =>
    [
        new("source <(kaa completion bash)", "in this shell"),
        new("kaa completion fish > ~/.config/fish/completions/kaa.fish", "for good"),
    ];

    public override IReadOnlyList<string> Choices => ["bash", "zsh", "fish"];

    private int Print(string shell)
    {
        var root = (KaaCommand)Parents.First();
        string script = shell switch
        {
            "bash" => BashCompletion.Script(root),
            "zsh" => ZshCompletion.Script(root),
            "fish" => FishCompletion.Script(root),
            _ => throw new UsageError($"'{shell}' is not one of {string.Join(", ", Choices)}", Name),
        };
        using StreamWriter output = Streams.Output();
        output.Write(script);
        return ExitCode.Complete;
    }
}
