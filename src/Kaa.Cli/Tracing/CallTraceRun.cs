using System.Globalization;
using Kaa.Control.Tracing;
using Kaa.Linux;
using Kaa.Python;
using Kaa.Results;

namespace Kaa.Cli.Tracing;

/// <summary><c>--call</c>: by hooks of the agent.</summary>
internal sealed class CallTraceRun : TraceRun
{
    private readonly CallTracer _tracer;
    private long _lost;

    /// <summary>Of a process that runs.</summary>
    public CallTraceRun(TraceArguments arguments, LiveTarget target, PythonProcess? python, ITraceSink sink)
    {
        _tracer = CallTracer.Attach(target, python, arguments.ToRequest(), sink);
        TraceCommand.Announce(string.Create(
            CultureInfo.InvariantCulture,
            $"tracing {Quantity.Of(_tracer.Armed, "function")} of process {target.Info.Pid}, which stood still for {_tracer.PauseMicroseconds / 1000.0:0.0} ms; Ctrl-C ends it"));
        foreach (string name in _tracer.Missing)
            TraceCommand.Announce($"there is no function {name} yet: it is traced once a library that has it is loaded");
    }

    /// <summary>Of a program that is started.</summary>
    public CallTraceRun(TraceArguments arguments, ITraceSink sink) => _tracer = CallTracer.Launch(arguments.Command, arguments.ToRequest(), sink);

    public override int Pid => _tracer.Pid;

    public override int? ExitStatus => _tracer.EarlyEnd;

    public override long Hits => _tracer.Progress.Hits;

    public override long Lost => _lost;

    protected override void Trace(Func<bool> isOver)
    {
        _tracer.Run(isOver);
        _lost = _tracer.Lost;
    }

    public override IReadOnlyList<Note> Notes()
    {
        List<Note> notes = [.. _tracer.Progress.Notes];
        if (_tracer.Progress.Undecided is { } undecided)
            notes.Add(undecided);
        foreach (string name in _tracer.Missing)
            notes.Add(new Note("no-such-symbol", $"no module of the process has had a function {name}", name, Incomplete: true));
        return notes;
    }

    public override void Dispose() => _tracer.Dispose();
}
