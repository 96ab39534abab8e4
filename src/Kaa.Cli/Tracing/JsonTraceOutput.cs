using System.Text.Json;
using Kaa.Linux;
using Kaa.Report.Json;
using Kaa.Report.Tracing;
using Kaa.Results;

namespace Kaa.Cli.Tracing;

/// <summary>An object a line.</summary>
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
