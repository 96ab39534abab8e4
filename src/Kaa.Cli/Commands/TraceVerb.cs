using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text.RegularExpressions;
using Kaa.Cli.Tracing;
using Kaa.Control.Conditions;
using Kaa.Control.Tracing;

namespace Kaa.Cli.Commands;

/// <summary><c>kaa trace</c>.</summary>
internal sealed class TraceVerb : Verb
{
    private const string AllFrames = "all";

    private readonly Argument<string[]> _target = new("PID | -- CMD")
    {
        Arity = ArgumentArity.OneOrMore,
        Description = "The process; inside a container, its pid there or on the host. Or a program to start, with its arguments, behind --.",
    };

    private readonly Option<string[]> _syscall = MakeOption.Texts(
        "--syscall", "NAME", "Trace this system call, in all threads; a pattern (*stat*), a group (%file, %network, %process …), or several with commas. May be repeated.");

    private readonly Option<string[]> _call = MakeOption.Texts(
        "--call", "SYMBOL", "Trace calls of this C function, of whichever module: mkdir, PyObject_Malloc, libc*!open*. May be repeated.");

    private readonly Option<bool> _return = MakeOption.Flag("--return", "Trace the returns of --call's functions too, with their results. System calls always have theirs.");

    private readonly Option<string[]> _when = MakeOption.Texts(
        "--when", "EXPR", "Only hits for which this holds: arg0 … arg5, str(arg1) =~ \"regex\", py.function, py.file, py.line, py.stack, thread.name, result.");

    private readonly Option<int> _count = MakeOption.Whole("--count", "N", 1, 0, "End after N hits.");

    private readonly Option<double?> _duration = MakeOption.Amount("--duration", "SECONDS", "End after this time.");

    private readonly Option<bool> _follow = MakeOption.Flag("--follow", "Trace children too, and theirs.");

    private readonly Option<bool> _top = MakeOption.Flag("--top", "At the end, tell which Python lines the hits came from; no line for each.");

    private readonly Option<string[]> _stack = MakeOption.Texts(
        "--stack", "N|all", "Show N Python frames below each hit, with whole paths, instead of the innermost three on its line.");

    private readonly Option<int> _maxValue = MakeOption.Whole(
        "--max-value", "N", 1, TraceRequest.DefaultMaxValue, $"Cut a text after N characters ({TraceRequest.DefaultMaxValue}).");

    private readonly Option<string[]> _redact = MakeOption.Texts("--redact", "REGEX", "Hide the values of arguments whose names match; may be repeated.");

    private readonly Option<bool> _json = MakeOption.Flag("--json", "Print one JSON object a line (docs/json.md) instead of text.");

    private readonly Option<bool> _colour = MakeOption.Flag("--color", "Use colours even where the output is no terminal.");

    private readonly Option<bool> _noColour = MakeOption.Flag("--no-color", "Use no colours. The environment variable NO_COLOR does the same.");

    public TraceVerb()
        : base("trace", "Print system calls or C functions as a process calls them, with the Python stack behind each.")
    {
        Add(_target);
        Option[] options =
        [
            _syscall, _call, _return, _when, _count, _duration, _follow, _top, _stack, _maxValue, _redact, _json, _colour, _noColour,
        ];
        foreach (Option option in options)
            Add(option);
        SetAction(result => TraceCommand.Run(Read(result)));
    }

    public override IReadOnlyList<string> Details =>
    [
        "--syscall stops each thread twice for each of its system calls, by ptrace: exact, in all threads, and some ten times as fast as strace -k. Nothing is put into the "
        + "process; when Kaa ends, or is killed, it runs on as before. Signals that the program ignores wake its waits while it is traced: Kaa has them made again (docs/trace.md: what a kill can leave).",
        "--call stops the process once, for some ms, and puts an agent into it: code and shared memory of its own, and jumps at the functions' entries. At the end the entries are as before; "
        + "a small mapping stays, which is used again. With --follow, and for programs that are started, those that make children or run programs wait for some ms.",
        "Each line has the time since the start, the thread, the call with its arguments and its result, and where it came from: the innermost Python frames.",
        "With -- CMD the program's own exit status is returned.",
    ];

    public override IReadOnlyList<Example> Examples =>
    [
        new("kaa trace 4711 --syscall openat", "which files does it open, and from which lines?"),
        new("kaa trace 4711 --syscall %file --top --duration 5", "which lines keep the disk busy?"),
        new("kaa trace 4711 --syscall openat --when 'result == -2'", "which files does it look for in vain?"),
        new("kaa trace 4711 --syscall connect,sendto --when 'py.file =~ \"api\"'", "whom does this module talk to?"),
        new("kaa trace --call connect --follow -- make test", "who of them all talks to the network, and from which line?"),
        new("kaa trace --syscall execve --follow -- make test", "every program that is started, and by which line"),
    ];

    public override Completes Completes => Completes.Pids;

    private TraceArguments Read(ParseResult result)
    {
        string[] words = result.GetValue(_target) ?? [];
        bool isCommand = result.Tokens.Any(token => token.Type == TokenType.DoubleDash);
        if (!isCommand && words.Length > 1)
            throw new UsageError($"'{words[1]}' was not expected; a program to start stands behind --", Name);
        string[] syscalls = result.GetValue(_syscall) ?? [];
        string[] calls = result.GetValue(_call) ?? [];
        if (syscalls.Length + calls.Length == 0)
            throw new UsageError("what is to be traced? --syscall openat, say, or --call mkdir", Name);
        if (syscalls.Length > 0 && calls.Length > 0)
            throw new UsageError("--syscall and --call are two ways that exclude each other", Name);
        string[] conditions = result.GetValue(_when) ?? [];
        if (conditions.Length > 1)
            throw new UsageError("--when can be given once; join conditions with 'and' and 'or'", Name);
        return new TraceArguments
        {
            Pid = isCommand ? 0 : TargetWord.Pid(words[0], Name),
            Command = isCommand ? words : [],
            Syscalls = syscalls.Length > 0 ? SyscallChoice.Of(syscalls) : null,
            Calls = calls,
            Returns = result.GetValue(_return),
            When = conditions.Length == 1 ? ConditionParser.Parse(conditions[0]) : null,
            Count = result.GetValue(_count),
            Duration = result.GetValue(_duration) is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
            Follow = result.GetValue(_follow),
            Top = result.GetValue(_top),
            StackFrames = ReadFrames(result.GetValue(_stack) ?? []),
            MaxValue = result.GetValue(_maxValue),
            Redact = [.. (result.GetValue(_redact) ?? []).Select(ReadRegex)],
            Json = result.GetValue(_json),
            Colour = result.GetValue(_noColour) ? false : result.GetValue(_colour) ? true : null,
        };
    }

    private int ReadFrames(string[] values) => values switch
    {
        [] => 0,
        [AllFrames] => int.MaxValue,
        [var text] when int.TryParse(text, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out int number) && number > 0 => number,
        _ => throw new UsageError($"--stack takes a number above 0, or '{AllFrames}'", Name),
    };

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
}
