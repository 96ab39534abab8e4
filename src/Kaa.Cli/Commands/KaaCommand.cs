using System.CommandLine;
using System.CommandLine.Invocation;
using Kaa.Cli.Output;

namespace Kaa.Cli.Commands;

/// <summary>
/// The tree of commands: the source of parsing, help, man page and completions. Not a RootCommand: its options ask for resources and
/// for the assembly's name by reflection, which takes as long as finding the interpreter in a process.
/// </summary>
internal sealed class KaaCommand : Command
{
    private KaaCommand()
        : base("kaa", "Sees what a running CPython process does, from the outside, without preparing or disturbing it.")
    {
        Add(new Option<bool>("--help", "-h")
        {
            Description = "Print this help.", Arity = ArgumentArity.Zero, Recursive = true, Action = new HelpPrinting(),
        });
        Add(new Option<bool>("--version") { Description = "Print the version.", Arity = ArgumentArity.Zero, Action = new VersionPrinting() });
        Add(new StackVerb());
        Add(new CoreVerb());
        Add(new DebugVerb());
        Add(new ExecVerb());
        Add(new ReplVerb());
        Add(new PdbVerb());
        Add(new ProcessVerb());
        Add(new DoctorVerb());
        Add(new TraceVerb());
        Add(new MemVerb());
        Add(new DetachVerb());
        Add(new CompletionVerb());
        Add(new ManualVerb());
        SetAction(_ => PrintHelpAsError());
    }

    public static KaaCommand Create() => new();

    public IEnumerable<Verb> Verbs => Subcommands.OfType<Verb>();

    /// <summary>The first words of what is shown.</summary>
    public IEnumerable<Verb> FirstVerbs => Verbs.Where(verb => !verb.Hidden);

    /// <summary>What is shown, groups taken apart.</summary>
    public IEnumerable<Verb> ShownVerbs => FirstVerbs.SelectMany(verb => verb.Subcommands.Count > 0 ? verb.Subcommands.OfType<Verb>() : [verb]);

    /// <summary>The options of a command that a reader is told of: its own, then those that every command has.</summary>
    public IEnumerable<Option> OptionsOf(Command command) =>
        command == this ? Options : OwnOptions(command).Concat(Options.Where(option => option.Recursive));

    /// <summary>Of a group: those of its members, each name once.</summary>
    private static IEnumerable<Option> OwnOptions(Command command) =>
        command.Subcommands.Count == 0 ? command.Options : command.Subcommands.SelectMany(member => member.Options).DistinctBy(option => option.Name);

    private int PrintHelpAsError()
    {
        using StreamWriter error = Streams.Error();
        HelpText.Write(this, error);
        return ExitCode.Usage;
    }

    private sealed class HelpPrinting : SynchronousCommandLineAction
    {
        public override bool ClearsParseErrors => true;

        public override int Invoke(ParseResult parseResult)
        {
            using StreamWriter output = Streams.Output();
            HelpText.Write(parseResult.CommandResult.Command, output);
            return ExitCode.Complete;
        }
    }

    private sealed class VersionPrinting : SynchronousCommandLineAction
    {
        public override int Invoke(ParseResult parseResult) => CommandRunner.PrintVersion();
    }
}
