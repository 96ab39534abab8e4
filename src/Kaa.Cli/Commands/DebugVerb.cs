using System.CommandLine;
using System.CommandLine.Parsing;
using Kaa.Cli.Debugging;
using Kaa.Cli.Stacks;
using Kaa.Control.Debugging;
using Kaa.Target.Cores;

namespace Kaa.Cli.Commands;

/// <summary><c>kaa debug</c>.</summary>
internal sealed class DebugVerb : Verb
{
    private readonly Argument<string[]> _words = new("TARGET")
    {
        Description = "A pid, the path of a core, or -- and the command of a program to start.",
        Arity = ArgumentArity.ZeroOrMore,
    };

    private readonly Option<string[]> _files = MakeOption.Texts("--command", "FILE", "Run the lines of FILE first.");
    private readonly Option<string[]> _lines = MakeOption.Texts("--eval-command", "WORD", "Run one line first; several are run in their order.");
    private readonly Option<bool> _batch = MakeOption.Flag("--batch", "End after these; status 1 where one of them failed.");
    private readonly Option<string?> _follow = new("--follow-fork") { Description = "Which process is debugged after a fork: parent, child or both. Whichever is not goes on.", HelpName = "WHICH" };
    private readonly Option<string[]> _exe = MakeOption.Texts("--exe", "FILE", "The program of a core, where it is not found at its path.");
    private readonly Option<string[]> _sysRoot = MakeOption.Texts("--sysroot", "DIR", "What was the root directory of a core's process.");
    private readonly Option<string[]> _debugDir = MakeOption.Texts("--debug-dir", "DIR", "A directory of separate debug files, arranged as /usr/lib/debug is.");
    private readonly Option<bool> _colour = MakeOption.Flag("--color", "Use colours even where the output is no terminal.");
    private readonly Option<bool> _noColour = MakeOption.Flag("--no-color", "Use no colours. The environment variable NO_COLOR does the same.");

    /// <summary>gdb's options that mean nothing here, so that its command lines can be taken over.</summary>
    private readonly Option<bool> _ignored = new("-nx") { Hidden = true };

    public DebugVerb()
        : base("debug", "Debug a process or a core with gdb's words, Python's side included.")
    {
        _files.Aliases.Add("-x");
        _lines.Aliases.Add("-ex");
        _batch.Aliases.Add("-batch");
        foreach (string alias in (string[])["-q", "-nh", "-quiet", "--nx", "--quiet"])
            _ignored.Aliases.Add(alias);
        Add(_words);
        foreach (Option option in (Option[])[_files, _lines, _batch, _follow, _exe, _sysRoot, _debugDir, _colour, _noColour, _ignored])
            Add(option);
        SetAction(result => DebugCommandLine.Run(Read(result)));
    }

    public override IReadOnlyList<string> Details =>
    [
        "A process is held while questions are asked: all its threads stand still until continue, detach or quit; if Kaa is killed, it goes on too. Nothing is put into it, "
        + "no system call of its fails, and values are read from its memory: print, x and py-print run nothing.",
        "The words are gdb's, cut short as there (bt, i th, p/x, x/4i $pc), with py-bt, py-up, py-locals, py-list and py-print of CPython's script built in: no debug symbols, no gdb, no "
        + "Python is needed. help lists them; docs/debug.md tells what differs.",
    ];

    public override IReadOnlyList<Example> Examples =>
    [
        new("kaa debug 4711", "hold a process and ask"),
        new("kaa debug ./core.4711", "ask a core"),
        new("kaa debug 4711 --batch -ex 'thread apply all py-bt' -ex 'info sharedlibrary'", "one answer, then let it go"),
        new("kaa debug 4711 --batch -x questions.txt", "what a file asks"),
    ];

    public override Completes Completes => Completes.Pids;

    private DebugRequest Read(ParseResult result)
    {
        string[] words = result.GetValue(_words) ?? [];
        bool isProgram = result.Tokens.Any(token => token.Type == TokenType.DoubleDash);
        string[] program = isProgram ? ProgramOf(result) : [];
        string[] targets = words[..^program.Length];
        if (targets.Length > 1 || (targets.Length == 1 && isProgram))
            throw new UsageError("one pid, one core, or -- and a command can be debugged at a time", Name);
        bool isCore = targets.Length == 1 && TargetWord.IsPath(targets[0], Name);
        return new DebugRequest
        {
            Pid = targets.Length == 1 && !isCore ? StackTargets.Resolve(TargetWord.Pid(targets[0], Name)).Pid : null,
            Core = isCore ? targets[0] : null,
            Lines = Lines(result),
            Batch = result.GetValue(_batch),
            Colour = result.GetValue(_noColour) ? false : result.GetValue(_colour) ? true : null,
            Options = new DebugOptions
            {
                Core = new CoreOptions { Exe = Single(result, _exe), SysRoot = Single(result, _sysRoot) },
                DebugDirectories = [.. (result.GetValue(_debugDir) ?? []).Select(Path.GetFullPath)],
                Program = program,
                FollowFork = result.GetValue(_follow) switch
                {
                    null or "parent" => "parent",
                    "child" => "child",
                    "both" => "both",
                    var other => throw new UsageError($"--follow-fork takes parent, child or both, not '{other}'", Name),
                },
            },
        };
    }

    /// <summary>What stands behind --.</summary>
    private static string[] ProgramOf(ParseResult result)
    {
        var program = new List<string>();
        bool isBehind = false;
        foreach (Token token in result.Tokens)
        {
            if (isBehind)
                program.Add(token.Value);
            isBehind |= token.Type == TokenType.DoubleDash;
        }

        return [.. program];
    }

    /// <summary>Files and lines in the order in which they were given.</summary>
    private static List<StartupLine> Lines(ParseResult result)
    {
        var lines = new List<StartupLine>();
        bool? isFile = null;
        foreach (Token token in result.Tokens)
        {
            if (token.Type == TokenType.DoubleDash)
                break;
            if (token.Type == TokenType.Option)
                isFile = token.Value is "-x" or "--command" ? true : token.Value is "-ex" or "--eval-command" ? false : null;
            else if (isFile is { } kind)
                (lines, isFile) = ([.. lines, new StartupLine(kind, token.Value)], null);
        }

        return lines;
    }

    private string? Single(ParseResult result, Option<string[]> option) => (result.GetValue(option) ?? []) switch
    {
        [] => null,
        [var one] => one,
        _ => throw new UsageError($"{option.Name} can be given once", Name),
    };
}
