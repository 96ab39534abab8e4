using Kaa.Linux;
using Kaa.Report.Tracing;
using Kaa.Results;

namespace Kaa.Cli.Tracing;

/// <summary>Writes hits as they come, on a thread of its own.</summary>
internal abstract class TraceOutput(TraceArguments arguments) : IDisposable
{
    private readonly TraceGroups? _groups = arguments.Top ? new TraceGroups() : null;
    private System.Threading.Thread? _thread;
    private Exception? _failure;

    /// <summary>Set once the output's reader has gone away, or its disk is full: there is nobody left to trace for.</summary>
    public bool IsBroken => System.Threading.Volatile.Read(ref _failure) is not null;

    public static TraceOutput Create(TraceArguments arguments) => arguments.Json ? new JsonTraceOutput(arguments) : new TextTraceOutput(arguments);

    public void Start(TraceQueue queue)
    {
        _thread = new System.Threading.Thread(() => Run(queue), 1 << 20) { Name = "trace output" };
        _thread.Start();
    }

    /// <summary>Waits until all hits are written.</summary>
    public void Join() => _thread?.Join();

    /// <summary>Writes what comes at the end.</summary>
    /// <exception cref="BrokenPipe">Nobody reads it any more.</exception>
    /// <exception cref="UserError">output: it could not be written.</exception>
    public void Finish(TraceSummary summary)
    {
        if (_failure is UserError failure)
            throw failure;
        if (_failure is not null)
            throw new BrokenPipe();
        if (_groups is not null)
            Write(_groups);
        Write(summary);
    }

    public abstract void Dispose();

    protected abstract void Write(IReadOnlyList<TraceEvent> hits);

    protected abstract void Write(TraceGroups groups);

    protected abstract void Write(TraceSummary summary);

    private void Run(TraceQueue queue)
    {
        try
        {
            while (queue.Take() is { } hits)
            {
                if (_groups is null)
                    Write(hits);
                else
                    Add(hits);
            }
        }
        catch (Exception e) when (e is BrokenPipe or UserError)
        {
            System.Threading.Volatile.Write(ref _failure, e);
            while (queue.Take() is not null)
            {
            }
        }
    }

    private void Add(IReadOnlyList<TraceEvent> hits)
    {
        foreach (TraceEvent hit in hits)
            _groups!.Add(hit);
    }
}
