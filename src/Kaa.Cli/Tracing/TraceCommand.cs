using System.Globalization;
using Kaa.Cli.Output;
using Kaa.Cli.Stacks;
using Kaa.Linux;
using Kaa.Linux.Calls;
using Kaa.Linux.Launching;
using Kaa.Python;
using Kaa.Report.Text;
using Kaa.Results;

namespace Kaa.Cli.Tracing;

/// <summary>The use-case of <c>kaa trace PID</c>.</summary>
internal sealed class TraceCommand(TraceArguments arguments, ParentLife? parent)
{
    private readonly long _began = Clock.Microseconds;
    private readonly List<Note> _notes = [];

    public static int Run(TraceArguments arguments)
    {
        bool isLaunch = arguments.Command.Count > 0;
        ParentLife? parent = ParentLife.Find();
        if (WatchedRun.Run(isLaunch, parent) is { } status)
            return status;
        arguments = arguments with { IsWatched = parent is not null };
        return isLaunch ? LaunchTrace.Run(arguments, parent) : new TraceCommand(arguments, parent).Run();
    }

    /// <summary>Tells that the trace has begun: a person, or a program that waits for it, may now do what is to be traced.</summary>
    public static void Announce(string text)
    {
        using StreamWriter error = Streams.Error();
        Streams.Styled(error, StandardStream.Error, null).Text("kaa: ").Data(text).Line();
    }

    private int Run()
    {
        using var interruption = new Interruption();
        interruption.ArmForTermination();
        interruption.ArmForHangup();
        using var queue = new TraceQueue();
        using TraceOutput output = TraceOutput.Create(arguments);
        StackTarget resolved = StackTargets.Resolve(arguments.Pid);
        if (resolved.Note is { } note)
            _notes.Add(note);
        using LiveTarget target = LiveTarget.Open(resolved.Pid);
        PythonProcess? python = FindPython(target);
        using TraceRun run = arguments.Calls.Count > 0
            ? new CallTraceRun(arguments, target, python, queue)
            : new SyscallTraceRun(arguments, queue, threads => threads.Attach(resolved.Pid, python) ? resolved.Pid : 0);
        long ended = run.Trace(output, queue, Deadline.In(arguments.Duration), () => interruption.IsRequested || parent?.IsOver == true);
        if (run is SyscallTraceRun { Pid: 0 })
            throw AlreadyTraced(resolved.Pid);
        TraceSummary summary = run.Summary(queue.Lost, (ended - _began) / 1e6, _notes);
        output.Finish(summary);
        if (interruption.IsRequested || parent?.IsOver == true)
            return ExitCode.Interrupted;
        return summary.Notes.Any(each => each.Incomplete) ? ExitCode.Incomplete : ExitCode.Complete;
    }

    /// <summary>A process without an interpreter is traced too, without stacks.</summary>
    private PythonProcess? FindPython(LiveTarget target)
    {
        try
        {
            return PythonProcess.Find(target);
        }
        catch (UserError e)
        {
            _notes.Add(new Note("no-python-stacks", "hits have no Python stacks: " + e.Message, null));
            return null;
        }
    }

    private static UserError AlreadyTraced(int pid) => new(
        "already-traced", string.Create(CultureInfo.InvariantCulture, $"process {pid} is traced by another process (strace, a debugger, another kaa), or has just ended"),
        "end that one first; kaa doctor names it");
}
