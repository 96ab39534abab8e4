using System.Globalization;
using Kaa.Cli.Output;
using Kaa.Linux;
using Kaa.Report.Text;
using Kaa.Results;

namespace Kaa.Cli.Stacks;

/// <summary>Stacks on standard output, notes on standard error.</summary>
internal sealed class TextStackOutput : IStackOutput
{
    private readonly StreamWriter _output = Streams.Output();
    private readonly StreamWriter _errors = Streams.Error();
    private readonly StyledWriter _styled;
    private readonly StyledWriter _styledErrors;
    private bool _isFirst = true;

    public TextStackOutput(StackRequest request)
    {
        _styled = Streams.Styled(_output, StandardStream.Output, request.Colour);
        _styledErrors = Streams.Styled(_errors, StandardStream.Error, request.Colour);
    }

    public void Begin(Round? round)
    {
        if (round is null)
            return;
        Separate();
        string after = round.After.TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture);
        _styled.Text($"--- round {round.Number}, after {after} s ---", Tone.Heading).Line();
    }

    public void Write(StackReport report, Round? round, StackReport? before)
    {
        Separate();
        StackText.Write(report, _styled, before);
        _output.Flush();
        NoteText.Write(before is null ? report.Notes : NewNotes(report, before), _styledErrors);
        _errors.Flush();
    }

    public void Write(StackTarget target, UserError error)
    {
        _output.Flush();
        string name = target.Core ?? target.Pid.ToString(CultureInfo.InvariantCulture);
        bool isNamed = error.Message.Contains(name, StringComparison.Ordinal);
        Errors.Write(isNamed ? error.Message : $"{target}: {error.Message}", error.Hint);
    }

    public void End() => _output.Flush();

    public void Dispose()
    {
        _output.Dispose();
        _errors.Dispose();
    }

    private static List<Note> NewNotes(StackReport report, StackReport before)
    {
        var known = new HashSet<Note>(before.Notes);
        return [.. report.Notes.Where(note => !known.Contains(note))];
    }

    private void Separate()
    {
        if (!_isFirst)
            _styled.Line();
        _isFirst = false;
    }
}
