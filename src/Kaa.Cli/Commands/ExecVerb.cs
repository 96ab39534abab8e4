using System.CommandLine;
using Kaa.Cli.Running;
using Kaa.Results;

namespace Kaa.Cli.Commands;

/// <summary><c>kaa exec</c>.</summary>
internal sealed class ExecVerb : Verb
{
    private const double DefaultTimeout = 10;

    private readonly Argument<string> _target = new("PID") { Description = "The process; inside a container, its pid there or on the host." };

    private readonly Argument<string?> _code = new("CODE")
    {
        Description = "Python; the value of an expression at its end is printed.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<string[]> _file = MakeOption.Texts("--file", "FILE", "Take the code from FILE; - is standard input.");

    private readonly Option<bool> _main = MakeOption.Flag("--main", "Run it in the globals of __main__; else it has a namespace of its own.");

    private readonly Option<double?> _timeout = MakeOption.Amount(
        "--timeout", "S", "Withdraw it when it has not begun within S seconds (10); interrupt it when it has not ended.");

    private readonly Option<string[]> _thread = MakeOption.Texts("--thread", "TID", "Have this thread run it.");

    private readonly Option<string[]> _way = MakeOption.Texts("--way", "WAY", "Only this way: remote-exec, pending-call or parked-thread.");

    private readonly Option<bool> _json = MakeOption.Json();

    public ExecVerb()
        : base("exec", "Run Python code inside a running process, at a safe point; what it prints, its value and its traceback come back.")
    {
        _file.Aliases.Add("-f");
        Add(_target);
        Add(_code);
        foreach (Option option in (Option[])[_file, _main, _timeout, _thread, _way, _json])
            Add(option);
        SetAction(result => ExecCommand.Run(Read(result)));
    }

    public override IReadOnlyList<string> Details =>
    [
        "Where the process runs Python, the code runs between two of its instructions; where it sleeps, waits for a lock or for input, a waiting thread runs it and then waits on, "
        + "without the program noticing. It never runs inside of an allocator, the dynamic loader, a signal handler, or other C code that may hold a lock; where there is no safe "
        + "point, nothing is done and the reason is told.",
        "Only what this code itself prints comes back, not what other threads print meanwhile. sys and __main__ are there; import works as in any module. "
        + "Nothing is written into the process's file system. The exit status is 1 when it raised an exception.",
    ];

    public override IReadOnlyList<Example> Examples =>
    [
        new("kaa exec 4711 'len(sys.modules)'", "the value of an expression"),
        new("kaa exec 4711 'import gc; gc.collect()'", "several statements"),
        new("kaa exec 4711 -f probe.py --timeout 60", "a file"),
        new("kaa exec 4711 --main 'cache.clear()'", "with the names of the program's main module"),
    ];

    public override Completes Completes => Completes.Pids;

    /// <summary>The one value of an option; null where it is not given.</summary>
    public static string? One(string[]? values, string option, string verb) => values switch
    {
        null or [] => null,
        [var value] => value,
        _ => throw new UsageError($"{option} can be given once", verb),
    };

    private ExecArguments Read(ParseResult result)
    {
        string? code = result.GetValue(_code);
        string? file = One(result.GetValue(_file), "--file", Name);
        if (code is null == file is null)
            throw new UsageError(code is null ? "give CODE, or --file FILE" : "give either CODE or --file FILE", Name);
        string? tid = One(result.GetValue(_thread), "--thread", Name);
        return new ExecArguments
        {
            Pid = ProcessWord.Pid(result.GetValue(_target)!, Name),
            Code = code,
            File = file,
            InMain = result.GetValue(_main),
            Timeout = TimeSpan.FromSeconds(result.GetValue(_timeout) ?? DefaultTimeout),
            Tid = tid is null ? null : ProcessWord.Pid(tid, Name),
            Way = One(result.GetValue(_way), "--way", Name) switch
            {
                null => null,
                "remote-exec" => ExecWay.RemoteExec,
                "pending-call" => ExecWay.PendingCall,
                "parked-thread" => ExecWay.ParkedThread,
                var other => throw new UsageError($"--way takes remote-exec, pending-call or parked-thread, not '{other}'", Name),
            },
            Json = result.GetValue(_json),
        };
    }
}
