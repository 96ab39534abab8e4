using System.CommandLine;
using System.Text.RegularExpressions;
using Kaa.Cli.Stacks;
using Kaa.Linux.Debuginfod;
using Kaa.Results;
using Kaa.Target.Cores;

namespace Kaa.Cli.Commands;

/// <summary><c>kaa bt</c>.</summary>
internal sealed class StackVerb : Verb
{
    private readonly Argument<string[]> _targets = new("TARGET")
    {
        Arity = ArgumentArity.OneOrMore,
        Description = "The process to look at; inside a container, its pid there or on the host. Or the path of a core file (a path of digits "
            + "only needs a slash). Several give one answer each.",
    };

    private readonly Option<bool> _locals = MakeOption.Flag("--locals", "Show arguments and local variables.");

    private readonly Option<bool> _tasks = MakeOption.Flag(
        "--tasks", "Show the tasks of asyncio and trio, and suspended greenlets, too: where each is suspended, what it awaits, and who awaits it.");

    private readonly Option<int> _maxValue = MakeOption.Whole(
        "--max-value", "N", 1, StackRequest.DefaultMaxValue, $"Cut a variable's text after N characters ({StackRequest.DefaultMaxValue}).");

    private readonly Option<string[]> _redact = MakeOption.Texts(
        "--redact", "REGEX", "Hide the values of variables, attributes and keys whose names match; may be repeated.");

    private readonly Option<bool> _native = MakeOption.Flag(
        "--native", "Show C frames too, without those of the interpreter that only carry calls, and the threads that run no Python code.");

    private readonly Option<bool> _nativeAll = MakeOption.Flag("--native-all", "Show every C frame.");

    private readonly Option<int> _source = MakeOption.Whole("--source", "N", 0, 1, "Show N lines of source for each frame (1; 0 for none).");

    private readonly Option<string[]> _threads = MakeOption.Texts(
        "--thread", "ID|NAME", "Show only this thread, by tid, ident or name; may be repeated.");

    private readonly Option<bool> _subprocesses = MakeOption.Flag("--subprocesses", "Look at the process's Python children too, and at theirs.");

    private readonly Option<double?> _every = MakeOption.Amount("--every", "SECONDS", "Look again and again, and mark what moved.");

    private readonly Option<int> _count = MakeOption.Whole("--count", "N", 1, 0, "Look N times (every second, where --every says nothing else).");

    private readonly Option<bool> _nonBlocking = MakeOption.Flag(
        "--nonblocking", "Stop no thread, whatever it does; a stack that moved while it was read is marked.");

    private readonly Option<double?> _maxPause = MakeOption.Amount(
        "--max-pause", "MS", "Let no thread stand still for longer than this (100); what can't be read in that time is marked as unknown.");

    private readonly Option<string[]> _exe = MakeOption.Texts(
        "--exe", "PATH", "The program that the process of a core ran, where it is not found by itself.");

    private readonly Option<string[]> _sysRoot = MakeOption.Texts(
        "--sysroot", "DIR", "Look for the files of a core below this directory: the root of its machine or container, or a copy of the files.");

    private readonly Option<string[]> _debugDir = MakeOption.Texts(
        "--debug-dir", "DIR", "Look for separate debug files below this directory first, arranged as /usr/lib/debug is; may be repeated.");

    private readonly Option<bool> _debuginfod = MakeOption.Flag(
        "--debuginfod", "Ask the debuginfod servers of DEBUGINFOD_URLS (else of /etc/debuginfod) for debug files that this machine lacks. Https needs curl.");

    private readonly Option<bool> _json = MakeOption.Json();

    private readonly Option<bool> _colour = MakeOption.Flag("--color", "Use colours even where the output is no terminal.");

    private readonly Option<bool> _noColour = MakeOption.Flag("--no-color", "Use no colours. The environment variable NO_COLOR does the same.");

    public StackVerb()
        : base("bt", "Print what every thread of a Python process is doing, and why each waits.")
    {
        Add(_targets);
        Option[] options =
        [
            _locals, _tasks, _maxValue, _redact, _native, _nativeAll, _source, _threads, _subprocesses, _every, _count, _nonBlocking, _maxPause,
            _exe, _sysRoot, _debugDir, _debuginfod, _json, _colour, _noColour,
        ];
        foreach (Option option in options)
            Add(option);
        SetAction(result => StackCommand.Run(Read(result)));
    }

    public override IReadOnlyList<string> Details =>
    [
        "Threads that sleep are read where they sleep; only running ones are stopped, for less than a millisecond. Most recent calls come "
        + "first, deadlocks before everything else.",
        "Of a core, the same is told as of the process; what the core lacks of the program and its libraries is taken from their files, once these "
        + "are proved to be of the same build.",
        "With --tasks, tasks stand in a tree behind the threads: under each task those that it waits for. A task is running, ready (it waits for "
        + "nothing but its turn), pending (it waits for something) or created (it has not begun). Tasks that await one another in a ring are "
        + "named first.",
    ];

    public override IReadOnlyList<Example> Examples =>
    [
        new("kaa bt 4711", "all threads"),
        new("kaa bt 4711 --locals --source 5", "with variables, and five lines of source a frame"),
        new("kaa bt 4711 --locals --redact 'passw|token'", "without what should not be seen"),
        new("kaa bt 4711 --native", "with C frames: which C function is it in?"),
        new("kaa bt 4711 --thread MainThread --every 2 --count 10", "is it moving?"),
        new("kaa bt 4711 --tasks", "asyncio's tasks as a tree: who waits for whom"),
        new("kaa bt 4711 --subprocesses --json", "all workers of a server, for a program"),
        new("kaa bt ./core.4711 --locals", "what it did when it crashed"),
        new("kaa bt ./core.4711 --sysroot ./rootfs", "the same, of a container or another machine"),
    ];

    public override Completes Completes => Completes.Pids;

    private StackRequest Read(ParseResult result)
    {
        string[] targets = result.GetValue(_targets) ?? [];
        string[] cores = [.. targets.Where(IsPath)];
        if (cores.Length > 0)
            CheckForCores(result);
        int count = result.GetValue(_count);
        double? every = result.GetValue(_every);
        return new StackRequest
        {
            Pids = [.. targets.Where(target => !IsPath(target)).Select(ReadPid)],
            Cores = cores,
            CoreOptions = new CoreOptions { Exe = Single(result, _exe), SysRoot = Single(result, _sysRoot) },
            Debuginfod = result.GetValue(_debuginfod) ? DebuginfodClient.FromEnvironment() : null,
            DebugDirectories = [.. (result.GetValue(_debugDir) ?? []).Select(DebugDirectory)],
            Locals = result.GetValue(_locals),
            Tasks = result.GetValue(_tasks),
            MaxValue = result.GetValue(_maxValue),
            Redact = [.. (result.GetValue(_redact) ?? []).Select(ReadRegex)],
            SourceLines = result.GetValue(_source),
            Native = result.GetValue(_native) || result.GetValue(_nativeAll),
            NativeAll = result.GetValue(_nativeAll),
            Threads = result.GetValue(_threads) ?? [],
            Subprocesses = result.GetValue(_subprocesses),
            Every = every is null && count == 0 ? null : TimeSpan.FromSeconds(every ?? 1),
            Count = count,
            NonBlocking = result.GetValue(_nonBlocking),
            MaxPause = result.GetValue(_maxPause) is { } milliseconds ? TimeSpan.FromMilliseconds(milliseconds) : null,
            Json = result.GetValue(_json),
            Colour = result.GetValue(_noColour) ? false : result.GetValue(_colour) ? true : null,
        };
    }

    private Regex ReadRegex(string text)
    {
        try
        {
            return new Regex(text, RegexOptions.CultureInvariant);
        }
        catch (RegexParseException e)
        {
            throw new UsageError($"'{text}' is no regular expression: {e.Message}", Name);
        }
    }

    private static string DebugDirectory(string path) => Directory.Exists(path)
        ? Path.GetFullPath(path)
        : throw new UserError("no-such-file", $"there is no directory {path}", "give a directory that holds debug files as /usr/lib/debug does");

    private void CheckForCores(ParseResult result)
    {
        Option[] forProcesses = [_subprocesses, _every, _count];
        foreach (Option option in forProcesses)
        {
            if (result.GetResult(option) is { Implicit: false })
                throw new UsageError($"{option.Name} is for processes: a core does not change", Name);
        }
    }

    private string? Single(ParseResult result, Option<string[]> option) => (result.GetValue(option) ?? []) switch
    {
        [] => null,
        [var one] => one,
        _ => throw new UsageError($"{option.Name} can be given once", Name),
    };

    private bool IsPath(string text) => TargetWord.IsPath(text, Name);

    private int ReadPid(string text) => TargetWord.Pid(text, Name);
}
