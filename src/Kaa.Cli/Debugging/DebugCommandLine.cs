using Kaa.Cli.Terminal;
using Kaa.Control.Debugging;
using Kaa.Control.Debugging.Commands;
using Kaa.Control.Debugging.Execution;
using Kaa.Control.Debugging.Scripts;
using Kaa.Control.Debugging.Words;
using Kaa.Formats;
using Kaa.Linux;
using Kaa.Linux.Launching;
using Kaa.Linux.Terminal;
using Kaa.Results;

namespace Kaa.Cli.Debugging;

/// <summary>The use-case of <c>kaa debug</c>: what was asked for on the command line, then what a person types.</summary>
internal sealed class DebugCommandLine : IDisposable
{
    private const string Prompt = "(kaa) ";

    private readonly DebugRequest _request;
    private readonly SessionOutput _output;
    private readonly InterruptKey _interrupt;
    private readonly DebugSession _session;
    private readonly ExecutionControl _execution;
    private bool _hasFailed;
    private int? _launchFailure;
    private string? _again;

    private DebugCommandLine(DebugRequest request, ParentLife? parent)
    {
        _request = request;
        _interrupt = new InterruptKey(parent);
        _output = new SessionOutput(request.Colour);
        _session = new DebugSession(_output, request.Options with { IsBatch = request.Batch, ThrowIfInterrupted = _interrupt.ThrowIfPressed });
        ReadingWords.AddTo(_session.Commands);
        _execution = ExecutionControl.AddTo(_session);
    }

    public static int Run(DebugRequest request)
    {
        ParentLife? parent = ParentLife.Find();
        if (request.Core is null && WatchedRun.Run(isLaunch: false, parent) is { } status)
            return status;
        using var line = new DebugCommandLine(request, parent);
        return line.Run();
    }

    public void Dispose()
    {
        _session.Dispose();
        _execution.Dispose();
        _interrupt.Dispose();
        _output.Dispose();
    }

    private int Run()
    {
        Start();
        foreach (StartupLine line in _request.Lines)
        {
            if (IsOpen)
                Try(() => RunStartup(line));
        }

        if (!_request.Batch && IsOpen)
            Converse();
        LetGo();
        if (_interrupt.IsEnding)
            return ExitCode.Interrupted;
        return _session.ExitStatus ?? _execution.ProgramExit ?? _launchFailure ?? (_request.Batch && _hasFailed ? ExitCode.UserError : ExitCode.Complete);
    }

    private bool IsOpen => !_session.HasEnded && !_interrupt.IsEnding;

    /// <summary>What can't be opened ends Kaa: nothing can be asked then.</summary>
    private void Start()
    {
        if (_request.Pid is { } pid)
            TargetWords.Attach(_session, pid.ToString(System.Globalization.CultureInfo.InvariantCulture));
        else if (_request.Core is { } core)
            TargetWords.OpenCore(_session, core);
        _output.Flush();
    }

    private void RunStartup(StartupLine line)
    {
        if (line.IsFile)
            ScriptRunner.RunFile(_session, line.Text);
        else
            ScriptRunner.Run(_session, [line.Text], null);
    }

    private void Converse()
    {
        using var input = new TerminalInput(_interrupt.Wake);
        LineHistory history = LineHistory.Open();
        using var editor = new LineEditor(input, StandardStream.Output, history) { Complete = line => TypedLines.Complete(_session, line) };
        var lines = new TypedLines(editor, _session, input.IsTerminal);
        _session.Input = lines;
        while (IsOpen)
        {
            string? line = null;
            bool wasCancelled = !Try(() => line = lines.ReadLine(Prompt), isPrompt: true);
            if (wasCancelled)
                continue;
            if (line is null)
                break;
            Type(line, input.IsTerminal);
        }

        if (input.IsTerminal)
            history.Save();
    }

    private void Type(string line, bool isTerminal)
    {
        string? meant = line.Trim().Length == 0 ? isTerminal ? _again : null : line;
        if (meant is null)
            return;
        _again = null;
        _interrupt.Reset();
        Try(() => _session.Execute(meant));
        _output.Flush();
        try
        {
            _again = _session.Commands.Find(meant, out _).Again(meant);
        }
        catch (UserError)
        {
            // No such word: an empty line does nothing.
        }
    }

    /// <summary>False where it failed; that has been told.</summary>
    private bool Try(Action action, bool isPrompt = false)
    {
        try
        {
            action();
            return true;
        }
        catch (UserError error)
        {
            _hasFailed = true;
            _launchFailure = ExitCode.OfLaunch(error.Code) ?? _launchFailure;
            _output.WriteError(error.Message);
            if (error.Hint is { } hint)
                _output.WriteHint(hint);
        }
        catch (TargetFault fault)
        {
            _hasFailed = true;
            _output.WriteError(fault.Message);
        }
        catch (BadData bad)
        {
            _hasFailed = true;
            _output.WriteError(bad.Message);
        }
        catch (OperationCanceledException)
        {
            if (!isPrompt)
                _output.WriteError("Quit");
            _hasFailed = true;
        }

        return false;
    }

    private void LetGo()
    {
        foreach (Inferior inferior in _session.Inferiors.ToArray())
        {
            if (inferior is not LiveInferior { State: InferiorState.Stopped } live)
                continue;
            int pid = live.Pid;
            string time = live.StandsStillFor.TotalSeconds.ToString("0.00", System.Globalization.CultureInfo.InvariantCulture);
            bool isKilled = _execution.IsOwn;
            _session.Leave(live);
            _output.Line(isKilled ? $"[Inferior {live.Number} (process {pid}) killed]" : $"[Process {pid} goes on; it stood still for {time} s]");
        }
    }
}
