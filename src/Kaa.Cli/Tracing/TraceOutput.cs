using System.Text.Json;
using Kaa.Cli.Output;
using Kaa.Linux;
using Kaa.Report.Json;
using Kaa.Report.Text;
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

internal sealed class TextTraceOutput : TraceOutput
{
    private readonly StreamWriter _output = Streams.Output();
    private readonly TraceText _text;
    private readonly TraceArguments _arguments;

    public TextTraceOutput(TraceArguments arguments)
        : base(arguments)
    {
        _arguments = arguments;
        _text = new TraceText(Streams.Styled(_output, StandardStream.Output, arguments.Colour), arguments.StackFrames, arguments.Follow);
    }

    public override void Dispose()
    {
        // What is still in its buffer has no reader.
        if (!IsBroken)
            _output.Dispose();
    }

    protected override void Write(IReadOnlyList<TraceEvent> hits)
    {
        foreach (TraceEvent hit in hits)
            _text.Write(hit);
        _output.Flush();
    }

    protected override void Write(TraceGroups groups)
    {
        TraceTopText.Write(groups, Streams.Styled(_output, StandardStream.Output, _arguments.Colour));
        _output.Flush();
    }

    protected override void Write(TraceSummary summary)
    {
        using StreamWriter error = Streams.Error();
        TraceText.WriteSummary(summary, Streams.Styled(error, StandardStream.Error, _arguments.Colour));
    }
}

internal sealed class JsonTraceOutput(TraceArguments arguments) : TraceOutput(arguments)
{
    private const int FlushAt = 64 << 10;

    private readonly TraceJson _json = new();
    private readonly MemoryStream _buffer = new();
    private Utf8JsonWriter? _writer;

    public override void Dispose()
    {
        _writer?.Dispose();
        _buffer.Dispose();
    }

    protected override void Write(IReadOnlyList<TraceEvent> hits)
    {
        foreach (TraceEvent hit in hits)
        {
            _json.Write(hit, Begin());
            End();
        }

        Flush();
    }

    protected override void Write(TraceGroups groups)
    {
        foreach (TraceGroup group in groups.Sorted())
        {
            _json.Write(group, Begin());
            End();
        }
    }

    protected override void Write(TraceSummary summary)
    {
        TraceJson.Write(summary, Begin());
        End();
        Flush();
    }

    private Utf8JsonWriter Begin()
    {
        if (_writer is null)
            _writer = JsonText.Writer(_buffer);
        else
            _writer.Reset(_buffer);
        return _writer;
    }

    private void End()
    {
        _writer!.Flush();
        _buffer.WriteByte((byte)'\n');
        if (_buffer.Length >= FlushAt)
            Flush();
    }

    private void Flush()
    {
        StandardStream.Output.Write(_buffer.GetBuffer().AsSpan(0, (int)_buffer.Length));
        _buffer.SetLength(0);
    }
}
