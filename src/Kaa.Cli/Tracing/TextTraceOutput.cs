using Kaa.Cli.Output;
using Kaa.Linux;
using Kaa.Report.Text;
using Kaa.Report.Tracing;
using Kaa.Results;

namespace Kaa.Cli.Tracing;

/// <summary>Lines for people; the summary goes to standard error.</summary>
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
