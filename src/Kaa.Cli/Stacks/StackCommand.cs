using System.Diagnostics;
using Kaa.Results;

namespace Kaa.Cli.Stacks;

/// <summary>The use-case of <c>kaa bt</c>: targets → looks → reports → text or JSON.</summary>
internal sealed class StackCommand : IDisposable
{
    private readonly StackRequest _request;
    private readonly Interruption _interruption = new(armed: false);
    private readonly List<StackSession> _sessions = [];
    private readonly IStackOutput _output;

    private StackCommand(StackRequest request)
    {
        // Unpacking a core can take long.
        request = request with { CoreOptions = request.CoreOptions with { OnProgress = _interruption.ThrowIfRequested } };
        _request = request;
        if (request.Every is not null)
            _interruption.Arm();
        _output = request.Json ? new JsonStackOutput(request) : new TextStackOutput(request);
        foreach (StackTarget target in StackTargets.Of(request))
            _sessions.Add(new StackSession(target, request, _interruption));
    }

    public static int Run(StackRequest request)
    {
        using var command = new StackCommand(request);
        return request.Every is { } period ? command.RunRounds(period) : command.RunRound(null);
    }

    public void Dispose()
    {
        foreach (StackSession session in _sessions)
            session.Dispose();
        _output.Dispose();
        _interruption.Dispose();
    }

    private int RunRounds(TimeSpan period)
    {
        int exit = ExitCode.Complete;
        long start = Stopwatch.GetTimestamp();
        for (int number = 1; _request.Count == 0 || number <= _request.Count; number++)
        {
            _interruption.Wait((period * (number - 1)) - Stopwatch.GetElapsedTime(start));
            exit = ExitCode.Worse(exit, RunRound(new Round(number, Stopwatch.GetElapsedTime(start))));
            if (_sessions.TrueForAll(session => session.HasEnded))
                break;
        }

        return exit;
    }

    private int RunRound(Round? round)
    {
        int exit = ExitCode.Complete;
        _output.Begin(round);
        foreach (StackSession session in _sessions)
        {
            _interruption.ThrowIfRequested();
            if (session.HasEnded)
                continue;
            exit = ExitCode.Worse(exit, Answer(session, round));
        }

        _output.End();
        return exit;
    }

    private int Answer(StackSession session, Round? round)
    {
        StackReport? before = session.Last;
        try
        {
            StackReport report = session.Look();
            _interruption.ThrowIfRequested();
            _output.Write(report, round, before);
            return report.Notes.Any(note => note.Incomplete) ? ExitCode.Incomplete : ExitCode.Complete;
        }
        catch (UserError error) when (_request.HasSeveralAnswers)
        {
            if (session.Target.IsChild && MayBeLeftOut(error))
                return ExitCode.Complete;
            _output.Write(session.Target, error);
            return ExitCode.UserError;
        }
    }

    /// <summary>Nobody said that all children are Python, or that they stay.</summary>
    private static bool MayBeLeftOut(UserError error) => error.Code is "not-python" or "no-such-process" or "process-exited" or "zombie";
}

/// <param name="Number">Counted from 1.</param>
/// <param name="After">Since the first.</param>
internal sealed record Round(int Number, TimeSpan After);
