using System.Collections.Concurrent;
using System.Globalization;
using Kaa.Control.Agent;
using Kaa.Linux.Calls;
using Kaa.Linux.Launching;
using Kaa.Linux.Looking;
using Kaa.Results;

namespace Kaa.Control.Memory.Following;

/// <summary>Opens the file of one recording.</summary>
/// <param name="isFirst">It is that of the process that was asked for.</param>
/// <exception cref="UserError">As of <see cref="Kaa.Linux.Files.GrowingFile.Create"/>.</exception>
public delegate Stream OpenRecording(int pid, bool isFirst);

/// <summary>
/// A program and, where that is wanted, its children: each process that has Python in it is recorded in a file of its own, and so is each program that one of them becomes. Methods are
/// for one thread.
/// </summary>
public sealed class RecordedProcesses : IDisposable
{
    private const int IdleMicroseconds = 1_000;

    private readonly MemoryRequest _request;
    private readonly OpenRecording _open;
    private readonly bool _follows;
    private readonly List<RecordedProcess> _processes = [];
    private readonly ConcurrentQueue<Arrival> _arrivals = new();
    private readonly List<Note> _notes = [];
    private int _underWay;
    private bool _isEnding;

    private RecordedProcesses(MemoryRequest request, OpenRecording open, bool follows)
    {
        _follows = follows;
        _request = request with { Watches = follows ? GateChoice.All : request.Launched ? GateChoice.Execs : GateChoice.None };
        _open = open;
    }

    /// <summary>The process that was asked for.</summary>
    public int Pid { get; private set; }

    /// <summary>Exit status of the program, or 128 and the signal that ended it, where it ended before it could be recorded.</summary>
    public int? EarlyEnd { get; private set; }

    public IReadOnlyList<Note> Notes
    {
        get
        {
            lock (_notes)
                return [.. _notes];
        }
    }

    /// <summary>Those that are recorded now.</summary>
    public int Count => _processes.Count;

    /// <summary>The process that was asked for has ended, or became a program that can't be recorded.</summary>
    public bool IsFirstOver => !IsAnyUnderWay && !_processes.Exists(process => process.Pid == Pid);

    /// <summary>Somebody is between his parent and his recording.</summary>
    public bool IsAnyUnderWay => _underWay > 0 || !_arrivals.IsEmpty;

    /// <summary>All allocations, and bytes held, of the recordings so far.</summary>
    public long Allocations { get; private set; }

    /// <summary>Bytes that were held when the recordings ended.</summary>
    public long Held { get; private set; }

    /// <summary>Starts a program, and records it from its first instruction on.</summary>
    /// <exception cref="UserError">As of <see cref="Launcher.Start"/>; file errors.</exception>
    public static RecordedProcesses Launch(IReadOnlyList<string> command, MemoryRequest request, bool follows, OpenRecording open)
    {
        var all = new RecordedProcesses(request with { Launched = true }, open, follows);
        TracerThread.Run(
            () =>
            {
                all.Pid = Launcher.Start(new LaunchRequest(command, OwnGroup: false), PTrace.MarkCalls);
                try
                {
                    all.Begin(all.Pid, isProgram: true, former: null);
                }
                catch (UserError e)
                {
                    // It runs on without Kaa, as it was asked for.
                    all.Tell(e);
                }
            },
            () => { });
        all.Admit();
        return all;
    }

    /// <summary>Goes along with a process that is recorded already, and its children.</summary>
    public static RecordedProcesses Follow(int pid, MemorySession session, MemoryRequest request, OpenRecording open)
    {
        var all = new RecordedProcesses(request, open, follows: true) { Pid = pid };
        all._arrivals.Enqueue(new Arrival(pid, session, null, null));
        all.Admit();
        return all;
    }

    /// <summary>Takes what has come of all of them.</summary>
    /// <exception cref="IOException">A recording can't be written.</exception>
    public void Step()
    {
        Admit();
        for (int i = _processes.Count - 1; i >= 0; i--)
        {
            RecordedProcess process = _processes[i];
            process.Session.Step();

            // They use its agent.
            if (System.Threading.Volatile.Read(ref process.Departures) > 0)
                continue;
            if (!process.Session.IsAlive)
                End(process, MemorySession.Exited);
            else if (!process.Session.IsRecording)
                End(process, null);
        }

        if (_processes.Count == 0)
            Clock.Sleep(IdleMicroseconds);
    }

    /// <summary>Ends all recordings; whoever lives goes on.</summary>
    /// <exception cref="IOException">A recording can't be written.</exception>
    public void End()
    {
        _isEnding = true;
        while (IsAnyUnderWay)
        {
            Admit();
            foreach (RecordedProcess process in _processes)
                process.Session.Step();
            Clock.Sleep(IdleMicroseconds);
        }

        for (int i = _processes.Count - 1; i >= 0; i--)
            End(_processes[i], null);
    }

    public void Dispose()
    {
        foreach (RecordedProcess process in _processes)
            process.Dispose();
    }

    /// <param name="reason">Null where it may live on: then it is left as it was.</param>
    private void End(RecordedProcess process, string? reason)
    {
        try
        {
            if (reason is null)
                process.Session.End();
            else
                process.Session.End(reason);
        }
        catch (UserError e)
        {
            Tell(e);
        }

        if (process.Session.MissesPython && reason != MemorySession.Replaced)
        {
            lock (_notes)
                _notes.Add(new Note("no-python-stacks", $"no interpreter was met in process {process.Pid}: its allocations have no Python stacks", null, Incomplete: true));
        }

        if (process.Session.NativeNote is { } cut)
        {
            lock (_notes)
                _notes.Add(cut);
        }

        Allocations += process.Session.Count;
        Held += process.Session.Held;
        _processes.Remove(process);
        process.Dispose();
    }

    private void Admit()
    {
        while (_arrivals.TryPeek(out Arrival? arrival))
        {
            if (arrival.Former is { } former && _processes.Contains(former))
            {
                if (System.Threading.Volatile.Read(ref former.Departures) > 0)
                    return;
                End(former, MemorySession.Replaced);
            }

            _ = _arrivals.TryDequeue(out _);
            if (arrival.Session is not { } session)
                continue;
            var process = new RecordedProcess(arrival.Pid, session, arrival.File);
            session.Waits = made => Depart(process, made);
            _processes.Add(process);
            lock (_notes)
                _notes.AddRange(session.Notes);
        }
    }

    /// <summary>Each on a thread of its own, as what a thread traces belongs to it.</summary>
    private void Depart(RecordedProcess process, AgentEvent made)
    {
        AgentSession agent = process.Session.Agent;
        if (_isEnding || agent.TidOf(made) is not { } tid)
        {
            agent.Release(made);
            return;
        }

        System.Threading.Interlocked.Increment(ref _underWay);
        System.Threading.Interlocked.Increment(ref process.Departures);
        var departure = new Departure(agent, made, process.Pid, tid, _follows);
        new System.Threading.Thread(() => Go(process, departure), 1 << 20) { Name = "follow", IsBackground = true }.Start();
    }

    private void Go(RecordedProcess process, Departure departure)
    {
        try
        {
            if (departure.Follow(out bool isProgram) is { } pid)
                Begin(pid, isProgram, pid == process.Pid ? process : null);
        }
        catch (Exception e) when (e is UserError or Kaa.Formats.TargetFault or IOException)
        {
            Tell(e);
        }
        finally
        {
            System.Threading.Interlocked.Decrement(ref process.Departures);
            System.Threading.Interlocked.Decrement(ref _underWay);
        }
    }

    /// <summary>On the thread that traces it.</summary>
    private void Begin(int pid, bool isProgram, RecordedProcess? former)
    {
        Stream? file = null;
        MemorySession? session = null;
        WaitStatus? end = null;
        try
        {
            // A shell that becomes Python is the program that was asked for: its recording begins anew. Who was recorded as Python already has had his.
            bool isOver = former is not null && !_follows && former.Session.HasPython;
            bool isFirst = pid == Pid && former?.Session.HasPython != true;
            session = isOver ? null : HeldBeginning.Record(pid, isProgram, _request, hasPython => file = hasPython || isFirst ? _open(pid, isFirst) : null, out end);
            if (pid == Pid && end is { } early)
                EarlyEnd = early.Exit;
            if (isOver)
                _ = PTrace.Detach(pid, 0);
        }
        finally
        {
            _arrivals.Enqueue(new Arrival(pid, session, file, former));
        }
    }

    private void Tell(Exception e)
    {
        lock (_notes)
            _notes.Add(new Note("not-followed", "a process was not recorded: " + e.Message, null, Incomplete: true));
    }

    private sealed record Arrival(int Pid, MemorySession? Session, Stream? File, RecordedProcess? Former);
}

/// <summary>One recording that goes on.</summary>
internal sealed class RecordedProcess(int pid, MemorySession session, Stream? file) : IDisposable
{
    /// <summary>How many of its threads are on their way to a child, or to another program.</summary>
    public int Departures;

    public int Pid => pid;

    public MemorySession Session => session;

    public void Dispose()
    {
        session.Dispose();
        file?.Dispose();
    }
}
