using Kaa.Control.Agent;
using Kaa.Control.Following;
using Kaa.Control.Memory.Native;
using Kaa.Formats;
using Kaa.Linux;
using Kaa.Linux.Calls;
using Kaa.Linux.Looking;
using Kaa.Python;
using Kaa.Recording.Analysis;
using Kaa.Recording.Memory;
using Kaa.Results;
using Kaa.Target;

namespace Kaa.Control.Memory;

/// <summary>Records the allocations of a process, from the attach to the detach.</summary>
public sealed class MemorySession : IDisposable
{
    private const int SizeEvery = 50_000; // µs
    private const int FlushEvery = 500_000;
    private const int FlushBytes = 1 << 20;
    private const int IdleMicroseconds = 1_000;

    // Samples are few: who looks for them less often takes less of the processor, and of its caches, from the process. A thread that waits ends the pause.
    private static readonly TimeSpan s_samplesPause = TimeSpan.FromMilliseconds(5);

    private const int NamesAtOnce = 20;

    // With fewer it is better to wait a little: who reads what has just been written takes that memory away from the processor that goes on writing there.
    private const long BusyEvents = MemoryAreaLayout.RingUnits / 16;

    private readonly AgentSession _agent;
    private readonly ulong _area;
    private readonly AllocationEvents _events;
    private readonly AllocationRecorder _recorder;
    private readonly RecordingWriter _writer;
    private readonly AllocationCounter? _counter;
    private readonly ResidentSize _resident;
    private readonly RecordedThreadNames _threads;
    private readonly NodeStacks _stacks;
    private readonly NativeModules? _modules;
    private readonly NativeNames? _names;
    private readonly RecordingFacts _facts;
    private readonly long _begun;
    private readonly AllocatorChoice _choice;
    private readonly RecordingArrivals _arrivals;
    private PointedTables? _tables;
    private readonly List<LiveTarget> _owned = [];
    private long _lost;
    private long _unplaced;
    private long _sizedAt = -SizeEvery;
    private long _flushedAt;
    private string? _reason;
    private bool _isOver;
    private bool _isDisposed;

    private MemorySession(LiveTarget target, AgentSession agent, PythonProcess? python, AgentMemoryArea area, Stream output, MemoryRequest request)
    {
        _agent = agent;
        _choice = request.Allocators;
        _facts = request.Describe(target, python);
        _writer = new RecordingWriter(output, _facts);
        _area = agent.Allocations;
        if (request.Aggregate)
        {
            _counter = new AllocationCounter(new SampleWeight(request.SampleBytes), new AnalysisRequest());
            Live = new LiveTable(_counter.Sites, _writer);
        }

        _recorder = new AllocationRecorder(request.Aggregate ? null : _writer.Events, _counter);
        _threads = new RecordedThreadNames(target.Info.Pid!.Value, _writer);
        if (request.Native)
        {
            _modules = new NativeModules(agent, target, python?.Module ?? InterpreterImage.Find(target));
            _names = new NativeNames(_modules, _writer);
        }

        _arrivals = new RecordingArrivals(agent, _modules) { Met = Know };
        _stacks = new NodeStacks(agent.Shared, area, _writer, _names);
        _events = new AllocationEvents(agent.Shared, area, _area, _recorder, _stacks, _threads.Find);
        _resident = new ResidentSize(target.Info.Pid!.Value);
        HasPython = python is not null;
        if (python is not null)
        {
            _stacks.Know(target, python);
            _threads.Know(python);
        }

        _begun = Clock.Microseconds;
    }

    /// <summary>Longest time that any thread stood still, in microseconds.</summary>
    public long PauseMicroseconds => _agent.PauseMicroseconds;

    /// <summary>What could not be hooked, and what else a reader of the recording should know.</summary>
    public IReadOnlyList<Note> Notes { get; private set; } = [];

    /// <summary>In what the recording is less than complete; known once it has ended.</summary>
    public IReadOnlyList<Note> EndNotes
    {
        get
        {
            List<Note> notes = [];
            if (_lost > 0)
                notes.Add(new Note("events-lost", $"{Quantity.Of(_lost, "event was", "events were")} lost in process {_facts.Pid}: sums may be wrong by them", null, Incomplete: true));
            if (_arrivals.IsInterpreterMissing && _reason != Replaced)
                notes.Add(new Note("no-python-stacks", $"no interpreter was met in process {_facts.Pid}: its allocations have no Python stacks", null, Incomplete: true));
            if (_unplaced > 0)
                notes.Add(new Note("stacks-cut", $"{Quantity.Of(_unplaced, "frame", "frames")} had no room in the tables: what was allocated there is charged to their callers", null, Incomplete: true));
            if (_stacks.UnnamedCount > 0)
                notes.Add(new Note("names-missing", $"{Quantity.Of(_stacks.UnnamedCount, "frame has", "frames have")} no name: there was no room to keep more code objects", null, Incomplete: true));
            if (NativeNote is { } cut)
                notes.Add(cut);
            if (_reason == Taken)
                notes.Add(new Note("taken-over", $"this Kaa stood still, and another one took its place in process {_facts.Pid}: what came after that is in the other's recording", null, Incomplete: true));
            return notes;
        }
    }

    private Note? NativeNote => _names is { Ends.Count: > 0 } names
        ? new Note("native-truncated", "C stacks end early in code without unwind rules: " + string.Join(", ", names.Ends), null)
        : _modules is { IsFull: true } ? new Note("native-truncated", "there was no room for the unwind rules of all modules: C stacks end in the others", null) : null;

    /// <summary>An interpreter is there, and allocations have its stacks.</summary>
    public bool HasPython { get; private set; }

    /// <summary>False once the process has ended.</summary>
    public bool IsAlive => _agent.IsAlive;

    /// <summary>The process runs another program since then.</summary>
    public bool IsReplaced { get; private set; }

    /// <summary>False where somebody has taken the agent's hooks back.</summary>
    public bool IsRecording => _agent.Shared.ReadHalf(_area + AreaWords.Recording) == 1 && !IsTaken;

    private bool IsTaken => _events.IsTaken;

    /// <summary>Bytes that recorded allocations hold now.</summary>
    public long Held => _recorder.Held;

    public long Count => _recorder.Count;

    /// <summary>The sums so far; null unless sums are what is kept.</summary>
    public LiveTable? Live { get; }

    /// <summary>Bytes that allocations hold now by the sums: an estimate where samples are recorded.</summary>
    public double HeldBySums => _counter?.Sites.Held ?? _recorder.Held;

    /// <summary>Bytes that the process has in memory, as they were read last; 0 before that.</summary>
    public long Resident { get; private set; }

    /// <summary>Events that never came.</summary>
    public long Lost => _lost;

    public double Seconds => (Clock.Microseconds - _begun) / 1e6;

    /// <exception cref="UserError">As of <see cref="AgentSession.Attach(LiveTarget, AgentOptions)"/>; no-allocators.</exception>
    /// <exception cref="IOException">The recording can't be written.</exception>
    public static MemorySession Attach(LiveTarget target, PythonProcess? python, Stream output, MemoryRequest request) => Begin(target, python, null, output, request);

    /// <summary>Of a process that the caller holds, on the thread that traces; its interpreter may come later.</summary>
    /// <inheritdoc cref="Attach"/>
    internal static MemorySession Begin(LiveTarget target, PythonProcess? python, HeldProcess? held, Stream output, MemoryRequest request)
    {
        var options = new AgentOptions
        {
            Python = python,
            FindsPython = python is not null,
            Allocations = true,
            NativeStacks = request.Native,
            RingBytes = 64 << 10,
            StackBytes = 4096,
            IsLedTo = (start, end) => (python?.Module ?? InterpreterImage.Find(target)) is { } image && new AllocatorTables(target, image).LeadTo(start, end),
        };
        AgentSession agent = held is null ? AgentSession.Attach(target, options) : AgentSession.Attach(target, options, held);
        MemorySession? session = null;
        try
        {
            AgentMemoryArea area = AreaSetup.Prepare(agent, python, request);
            FirstTouch.Prepare(agent.Shared, area, target.Info.Pid!.Value);
            session = new MemorySession(target, agent, python, area, output, request);
            session.Arm(target, python, held, request);
            agent.Shared.WriteHalf(agent.Allocations + AreaWords.Recording, 1);
            return session;
        }
        catch
        {
            agent.Dispose();
            session?._threads.Dispose();
            session?._modules?.Dispose();
            throw;
        }
    }

    /// <summary>A thread waits at one of <see cref="ProcessGates"/>, until it is released.</summary>
    internal Action<AgentEvent>? Waits { get => _arrivals.Waits; set => _arrivals.Waits = value; }

    internal AgentSession Agent => _agent;

    /// <summary>Where its interpreter is read: it is closed with the session.</summary>
    internal void Own(LiveTarget target) => _owned.Add(target);

    private void Arm(LiveTarget target, PythonProcess? python, HeldProcess? held, MemoryRequest request)
    {
        Module? image = python?.Module ?? InterpreterImage.Find(target);
        if (python is null && held is not null)
            _agent.TeachThreadId(held);
        var hooks = new AllocatorHooks(target, _agent, image, request.SampleBytes is not null, held) { Python = python };
        hooks.Arm(request.Allocators);
        _tables = hooks.Tables;
        if (python is not null)
            hooks.WatchChunks(python, request.Allocators);
        if (python is null && held is not null && image is not null)
            _arrivals.AwaitInterpreter(target, image, held, hooks.Tables is { } tables ? tables.PointAgain : null);
        _arrivals.AwaitLibraries(target, held);
        ProcessGates.Watch(target, _agent, held, request.Watches);
        Notes = hooks.Notes;
    }

    /// <summary>Takes what has come, writes when it is time; waits a little where nothing had come.</summary>
    /// <exception cref="IOException">The recording can't be written.</exception>
    public void Step()
    {
        if (IsTaken)
            return;
        long now = Clock.Microseconds - _begun;
        _recorder.At(now);
        bool isIdle = _events.Drain() < BusyEvents;
        _arrivals.Attend();
        _threads.ReadNames();
        if (now - _sizedAt >= SizeEvery && _resident.Read() is { } resident)
        {
            _writer.Size(now, resident, _recorder.Held);
            Resident = resident;

            // One that is just ending has no memory either, neither the old nor a new one.
            IsReplaced |= resident > 0 && _agent.Shared.IsGone;
            _sizedAt = now;
        }

        if (_writer.Pending > FlushBytes || now - _flushedAt >= FlushEvery)
        {
            TellLosses(now);
            _writer.Flush();
            _tables?.Follow();
            _modules?.Refresh();
            _flushedAt = now;
        }

        if (!isIdle)
            return;
        if (_names is { HasUnnamed: true } names)
            names.Resolve(NamesAtOnce);
        else if (_facts.SampleBytes is not null && _arrivals.Waits is null)
            _agent.Sleep(s_samplesPause);
        else
            Clock.Sleep(IdleMicroseconds);
    }

    /// <summary>Ends the recording; the process has no hooks any more.</summary>
    /// <exception cref="IOException">The recording can't be written.</exception>
    /// <exception cref="UserError">The process can't be stopped: its hooks stay, but do nothing.</exception>
    public void End()
    {
        if (IsTaken)
        {
            End(Taken, _agent.GiveUp);
            return;
        }

        if (!IsAlive || IsReplaced)
        {
            End(IsReplaced ? Replaced : Exited);
            return;
        }

        try
        {
            End("detached", _agent.Detach);
        }
        catch (UserError e) when (e.Code is "no-such-process" or "process-exited" or "zombie")
        {
            // It has ended in this very moment, and its recording is whole.
        }
    }

    /// <summary>The same where the process has nothing of the agent any more.</summary>
    /// <param name="reason">"exited", "exec".</param>
    /// <exception cref="IOException">The recording can't be written.</exception>
    public void End(string reason) => End(reason, _agent.Outlive);

    public const string Exited = "exited";

    public const string Replaced = "exec";

    private const string Taken = "taken over";

    private void End(string reason, Action leave)
    {
        if (_isOver)
            return;
        _isOver = true;
        _reason = reason;
        bool isOurs = reason != Taken;
        if (isOurs)
            _agent.Shared.WriteHalf(_area + AreaWords.Recording, 0);
        long now = Clock.Microseconds - _begun;
        try
        {
            leave();
        }
        finally
        {
            _recorder.At(now);
            if (isOurs)
                _events.Finish(isGone: !IsAlive || IsReplaced);
            _recorder.Settle();
            _names?.Resolve(int.MaxValue);
            if (isOurs)
                TellLosses(now);
            if (_counter is not null)
                _writer.Sums(new RecordedSums { PeakMicroseconds = _counter.Sites.PeakMicroseconds, Sites = _counter.Finish() });
            _writer.End(now, reason);
        }
    }

    public void Dispose()
    {
        if (_isDisposed)
            return;
        _isDisposed = true;
        _agent.Dispose();
        _threads.Dispose();
        _modules?.Dispose();
        foreach (LiveTarget target in _owned)
            target.Dispose();
    }

    private void Know(LiveTarget target, PythonProcess python)
    {
        Own(target);
        AreaSetup.Describe(_agent, python);
        _stacks.Know(target, python);
        _threads.Know(python);
        InterpreterInfo found = python.Describe();
        _writer.Facts(_facts with { Version = found.Version, Executable = found.Executable });
        HasPython = true;
        new AllocatorHooks(target, _agent, python.Module, samples: false, held: null).WatchChunks(python, _choice);
    }

    private void TellLosses(long now)
    {
        AgentMemory shared = _agent.Shared;
        long lost = _events.Torn + (long)(shared.ReadWord(_area + AreaWords.Lost) + shared.ReadWord(_area + AreaWords.ThreadsLost));
        if (lost > _lost)
            _writer.Lost(now, lost - _lost);
        _lost = lost;
        _unplaced = (long)shared.ReadWord(_area + AreaWords.NodesLost);
    }
}
