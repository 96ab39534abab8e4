using System.Globalization;
using Kaa.Control.Agent;
using Kaa.Control.Following;
using Kaa.Linux;
using Kaa.Linux.Calls;
using Kaa.Linux.Launching;
using Kaa.Linux.Looking;
using Kaa.Python;
using Kaa.Results;

namespace Kaa.Control.Memory;

/// <summary>Opens the file of one recording.</summary>
/// <param name="isFirst">It is that of the process that was asked for.</param>
/// <exception cref="UserError">As of <see cref="Kaa.Linux.Files.GrowingFile.Create"/>.</exception>
public delegate Stream OpenRecording(int pid, bool isFirst);

/// <summary>
/// A program and, where that is wanted, its children: each process that has Python in it is recorded in a file of its own, and so is each program that one of them becomes. Methods are
/// for one thread.
/// </summary>
public sealed class RecordedProcesses : IDisposable, IFollower<RecordedProcess>
{
    private const int IdleMicroseconds = 1_000;

    private readonly MemoryRequest _request;
    private readonly OpenRecording _open;
    private readonly bool _follows;
    private readonly List<RecordedProcess> _processes = [];
    private readonly ProcessFollowing<RecordedProcess> _following;
    private readonly List<Note> _notes = [];

    private RecordedProcesses(MemoryRequest request, OpenRecording open, bool follows)
    {
        _follows = follows;
        _following = new ProcessFollowing<RecordedProcess>(this, follows);
        _request = request with { Watches = follows ? GateChoice.All : request.Launched ? GateChoice.Execs : GateChoice.None };
        _open = open;
    }

    /// <summary>The process that was asked for.</summary>
    public int Pid => _following.Pid;

    /// <summary>Exit status of the program, or 128 and the signal that ended it, where it ended before it could be recorded.</summary>
    public int? EarlyEnd => _following.EarlyEnd;

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
    public bool IsAnyUnderWay => _following.IsAnyUnderWay;

    /// <summary>All allocations, and bytes held, of the recordings so far.</summary>
    public long Allocations { get; private set; }

    /// <summary>Bytes that were held when the recordings ended.</summary>
    public long Held { get; private set; }

    /// <summary>Starts a program, and records it from its first instruction on.</summary>
    /// <exception cref="UserError">As of <see cref="Launcher.Start"/>; file errors.</exception>
    public static RecordedProcesses Launch(IReadOnlyList<string> command, MemoryRequest request, bool follows, OpenRecording open)
    {
        var all = new RecordedProcesses(request with { Launched = true }, open, follows);
        all._following.Launch(command);
        all.Admit();
        return all;
    }

    /// <summary>Goes along with a process that is recorded already, and its children.</summary>
    public static RecordedProcesses Follow(int pid, MemorySession session, MemoryRequest request, OpenRecording open)
    {
        var all = new RecordedProcesses(request, open, follows: true);
        all._following.Pid = pid;
        all.Add(new RecordedProcess(pid, session, null));
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
            if (process.IsBeingLeft)
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
        _following.IsEnding = true;
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

        lock (_notes)
            _notes.AddRange(process.Session.EndNotes);
        Allocations += process.Session.Count;
        Held += process.Session.Held;
        _processes.Remove(process);
        process.Dispose();
    }

    private void Admit()
    {
        while (_following.TryAdmit(out RecordedProcess? arrived, out RecordedProcess? former))
        {
            if (former is not null && _processes.Contains(former))
                End(former, MemorySession.Replaced);
            if (arrived is not null)
                Add(arrived);
        }
    }

    private void Add(RecordedProcess process)
    {
        process.Session.Waits = made => _following.Depart(process, made);
        _processes.Add(process);
        lock (_notes)
            _notes.AddRange(process.Session.Notes);
    }

    RecordedProcess IFollower<RecordedProcess>.Begin(LiveTarget target, PythonProcess? python, HeldProcess held, bool isProgram, RecordedProcess? former)
    {
        int pid = target.Info.Pid!.Value;
        bool isFirst = pid == Pid && former?.Session.HasPython != true;
        Stream? file = python is not null || isFirst || InterpreterImage.Find(target) is not null ? _open(pid, isFirst) : null;
        MemoryRequest its = file is null ? _request with { Allocators = AllocatorChoice.None } : _request;
        MemorySession session = MemorySession.Begin(target, python, held, file ?? Stream.Null, its with { Launched = isProgram });
        session.Own(target);
        return new RecordedProcess(pid, session, file);
    }

    /// <summary>A shell that becomes Python is the program that was asked for: its recording begins anew. Who was recorded as Python already has had his.</summary>
    bool IFollower<RecordedProcess>.IsLast(RecordedProcess former) => !_follows && former.Session.HasPython;

    void IFollower<RecordedProcess>.TellNotFollowed(Exception e) => Tell(e);

    private void Tell(Exception e)
    {
        lock (_notes)
            _notes.Add(new Note("not-followed", "a process was not recorded: " + e.Message, null, Incomplete: true));
    }
}

/// <summary>One recording that goes on.</summary>
internal sealed class RecordedProcess(int pid, MemorySession session, Stream? file) : FollowedProcess
{
    public override int Pid => pid;

    public override AgentSession Agent => session.Agent;

    public MemorySession Session => session;

    public override void Dispose()
    {
        session.Dispose();
        file?.Dispose();
    }
}
