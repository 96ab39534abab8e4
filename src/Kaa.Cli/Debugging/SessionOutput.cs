using Kaa.Cli.Output;
using Kaa.Control.Debugging;
using Kaa.Linux;
using Kaa.Report.Text;

namespace Kaa.Cli.Debugging;

/// <summary>Answers on standard output, errors and notes on standard error, in the order in which they come.</summary>
internal sealed class SessionOutput : ISessionOutput, IDisposable
{
    private readonly StreamWriter _output = Streams.Output();
    private readonly StreamWriter _errors = Streams.Error();
    private readonly StyledWriter _styled;
    private readonly StyledWriter _styledErrors;

    public SessionOutput(bool? colour)
    {
        _styled = Streams.Styled(_output, StandardStream.Output, colour);
        _styledErrors = Streams.Styled(_errors, StandardStream.Error, colour);
    }

    public void Write(string text, SessionTone tone = SessionTone.Plain) => _styled.Text(text, tone switch
    {
        SessionTone.Function => Tone.Function,
        SessionTone.Path => Tone.Path,
        SessionTone.Faint => Tone.Faint,
        SessionTone.Marked => Tone.Marked,
        SessionTone.Alarm => Tone.Alarm,
        _ => Tone.Plain,
    });

    public void WriteError(string line)
    {
        _output.Flush();
        foreach (string part in line.Split('\n'))
            _styledErrors.Data(part).Line();
        _errors.Flush();
    }

    public void WriteHint(string hint)
    {
        _styledErrors.Text("  ").Data(hint, Tone.Faint).Line();
        _errors.Flush();
    }

    public void Flush() => _output.Flush();

    public void Dispose()
    {
        _output.Dispose();
        _errors.Dispose();
    }
}
