using System.Globalization;
using System.Text;
using Kaa.Cli.Output;
using Kaa.Cli.Stacks;
using Kaa.Cli.Terminal;
using Kaa.Control.Running;
using Kaa.Linux;
using Kaa.Linux.Terminal;
using Kaa.Report.Text;
using Kaa.Results;

namespace Kaa.Cli.Running;

/// <summary>The use-case of <c>kaa repl</c>.</summary>
internal sealed class ReplCommand
{
    private readonly ExecArguments _arguments;
    private readonly CodeRunner _runner;
    private readonly LineEditor _editor;
    private readonly bool _isTerminal;
    private int _status = ExitCode.Complete;

    private ReplCommand(ExecArguments arguments, CodeRunner runner, LineEditor editor, bool isTerminal)
    {
        _arguments = arguments;
        _runner = runner;
        _editor = editor;
        _isTerminal = isTerminal;
    }

    public static int Run(ExecArguments arguments)
    {
        StackTarget target = StackTargets.Resolve(arguments.Pid);
        using CodeRunner runner = CodeRunner.Open(target.Pid, isSession: true);
        using var input = new TerminalInput();
        LineHistory history = LineHistory.Open(null);
        using var editor = new LineEditor(input, StandardStream.Output, history);
        if (input.IsTerminal)
            Say(string.Create(CultureInfo.InvariantCulture, $"Python inside of process {target.Pid}. sys and __main__ are there; _ is the last value; Ctrl-D ends the session.\n"));
        return new ReplCommand(arguments, runner, editor, input.IsTerminal).Loop();
    }

    private int Loop()
    {
        while (Read() is { } text)
        {
            if (text.Trim().Length > 0 && !Run(text))
                return ExitCode.UserError;
        }

        return _status;
    }

    /// <summary>One input; null at the end.</summary>
    private string? Read()
    {
        string text = "";
        while (true)
        {
            LineEnd end = _editor.Read(text.Length == 0 ? ">>> " : "... ", out string? line);
            if (end == LineEnd.Closed)
                return text.Length > 0 ? text : null;
            if (end == LineEnd.Cancelled)
            {
                text = "";
                continue;
            }

            text += text.Length == 0 ? line : "\n" + line;
            if (ReplInput.IsComplete(text))
                return text;
        }
    }

    /// <summary>False where there can't be another.</summary>
    private bool Run(string text)
    {
        using var interruption = new Interruption();
        interruption.ArmForTermination();
        var shown = new ShownRecords();
        try
        {
            ExecReport report = _runner.Run(new RunRequest
            {
                Source = Encoding.UTF8.GetBytes(text + "\n"),
                InMain = _arguments.InMain,
                Timeout = _arguments.Timeout,
                IsOpenEnded = true,
                Tid = _arguments.Tid,
                Way = _arguments.Way,
                OnRecord = shown.Show,
                IsInterrupted = () => interruption.IsRequested || shown.HasFailed,
            });
            shown.ThrowIfFailed();
            if (report.WasCutShort)
                Errors.Write(report.Exception!.TrimEnd(), null);
            if (report.Result is { } result)
                Say(Printable.EscapeLoneSurrogates(result) + "\n");
            if (report.StillRunning)
                Errors.Write(ExecCommand.StillRunning(report), "the session is over; kaa bt shows where it is");
            if (report.Exception is not null && !_isTerminal)
                _status = ExitCode.UserError;
            if (interruption.IsTermination)
                _status = ExitCode.Interrupted;
            return !report.StillRunning && !interruption.IsTermination;
        }
        catch (UserError error) when (error.Code is "no-safe-point" or "gil-held")
        {
            Errors.Write(error.Message, error.Hint);
            _status = _isTerminal ? _status : ExitCode.UserError;
            return true;
        }
    }

    private static void Say(string text) => StandardStream.Output.Write(Encoding.UTF8.GetBytes(text));
}
