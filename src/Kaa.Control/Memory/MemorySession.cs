using Kaa.Control.Agent;
using Kaa.Formats;
using Kaa.Linux;
using Kaa.Linux.Calls;
using Kaa.Python;
using Kaa.Recording.Analysis;
using Kaa.Recording.Memory;
using Kaa.Results;

namespace Kaa.Control.Memory;

/// <summary>Records the allocations of a process, from the attach to the detach.</summary>
public sealed class MemorySession : IDisposable
{
    private const int SizeEvery = 50_000; // µs
    private const int FlushEvery = 500_000;
    private const int FlushBytes = 1 << 20;
    private const int IdleMicroseconds = 1_000;

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
    private readonly long _begun;
    private long _lost;
    private long _sizedAt = -SizeEvery;
    private long _flushedAt;
    private bool _isOver;

    private MemorySession(LiveTarget target, AgentSession agent, PythonProcess? python, AgentMemoryArea area, RecordingWriter writer, MemoryRequest request)
    {
        _agent = agent;
        _writer = writer;
        _area = agent.Allocations;
        if (request.Aggregate)
            _counter = new AllocationCounter(new SampleWeight(request.SampleBytes), new AnalysisRequest());
        _recorder = new AllocationRecorder(request.Aggregate ? null : writer.Events, _counter);
        _threads = new RecordedThreadNames(target.Info.Pid!.Value, writer);
        _events = new AllocationEvents(agent.Shared, area, _area, _recorder, new NodeStacks(agent.Shared, area, writer, python), _threads.Find);
        _resident = new ResidentSize(target.Info.Pid!.Value);
        _begun = Clock.Microseconds;
    }

    /// <summary>Longest time that any thread stood still, in microseconds.</summary>
    public long PauseMicroseconds => _agent.PauseMicroseconds;

    /// <summary>What could not be hooked, and what else a reader of the recording should know.</summary>
    public IReadOnlyList<Note> Notes { get; private init; } = [];

    /// <summary>False once the process has ended.</summary>
    public bool IsAlive => _agent.IsAlive;

    /// <summary>False where somebody has taken the agent's hooks back.</summary>
    public bool IsRecording => _agent.Shared.ReadHalf(_area + AreaWords.Recording) == 1;

    /// <summary>Bytes that recorded allocations hold now.</summary>
    public long Held => _recorder.Held;

    public long Count => _recorder.Count;

    public double Seconds => (Clock.Microseconds - _begun) / 1e6;

    /// <exception cref="UserError">As of <see cref="AgentSession.Attach(LiveTarget, AgentOptions)"/>; no-allocators.</exception>
    /// <exception cref="IOException">The recording can't be written.</exception>
    public static MemorySession Attach(LiveTarget target, PythonProcess? python, Stream output, MemoryRequest request)
    {
        var options = new AgentOptions { Python = python, FindsPython = python is not null, Allocations = true, RingBytes = 64 << 10, StackBytes = 4096 };
        AgentSession agent = AgentSession.Attach(target, options);
        try
        {
            AgentMemoryArea area = AreaSetup.Prepare(agent, python, request);
            NearLimits.Prepare(agent.Shared, area, target.Info.Pid!.Value);
            var hooks = new AllocatorHooks(target, agent, python, request.SampleBytes is not null);
            hooks.Arm(request.Allocators);
            var writer = new RecordingWriter(output, FactsOf(target, python, request));
            agent.Shared.WriteHalf(agent.Allocations + AreaWords.Recording, 1);
            return new MemorySession(target, agent, python, area, writer, request) { Notes = hooks.Notes };
        }
        catch
        {
            agent.Dispose();
            throw;
        }
    }

    /// <summary>Takes what has come, writes when it is time; waits a little where nothing had come.</summary>
    /// <exception cref="IOException">The recording can't be written.</exception>
    public void Step()
    {
        long now = Clock.Microseconds - _begun;
        _recorder.At(now);
        bool isIdle = _events.Drain() < BusyEvents;
        if (now - _sizedAt >= SizeEvery && _resident.Read() is { } resident)
        {
            _writer.Size(now, resident, _recorder.Held);
            _sizedAt = now;
        }

        if (_writer.Pending > FlushBytes || now - _flushedAt >= FlushEvery)
        {
            TellLosses(now);
            _writer.Flush();
            _flushedAt = now;
        }

        if (isIdle)
            Clock.Sleep(IdleMicroseconds);
    }

    /// <summary>Ends the recording; the process has no hooks any more.</summary>
    /// <exception cref="IOException">The recording can't be written.</exception>
    /// <exception cref="UserError">The process can't be stopped: its hooks stay, but do nothing.</exception>
    public void End()
    {
        if (_isOver)
            return;
        _isOver = true;
        string reason = IsAlive ? "detached" : "exited";
        _agent.Shared.WriteHalf(_area + AreaWords.Recording, 0);
        long now = Clock.Microseconds - _begun;
        try
        {
            _agent.Detach();
        }
        finally
        {
            _recorder.At(now);
            while (_events.Drain() > 0)
            {
            }

            _recorder.Settle();
            TellLosses(now);
            if (_counter is not null)
                _writer.Sums(new RecordedSums { PeakMicroseconds = _counter.Sites.PeakMicroseconds, Sites = _counter.Finish() });
            _writer.End(now, reason);
        }
    }

    public void Dispose()
    {
        _agent.Dispose();
        _threads.Dispose();
    }

    private void TellLosses(long now)
    {
        AgentMemory shared = _agent.Shared;
        long lost = _events.Torn + (long)(shared.ReadWord(_area + AreaWords.Lost) + shared.ReadWord(_area + AreaWords.ThreadsLost));
        if (lost > _lost)
            _writer.Lost(now, lost - _lost);
        _lost = lost;
    }

    private static RecordingFacts FactsOf(LiveTarget target, PythonProcess? python, MemoryRequest request) => new()
    {
        Pid = target.Info.Pid!.Value,
        ContainerPid = target.Info.ContainerPid,
        Command = target.Info.Command,
        Version = python?.Describe().Version,
        Executable = python?.Describe().Executable,
        StartedAt = Math.Round(Clock.UnixSeconds, 6),
        SampleBytes = request.SampleBytes,
        Allocators = request.Allocators switch
        {
            AllocatorChoice.System => "system",
            AllocatorChoice.Python => "python",
            _ => "all",
        },
        Launched = request.Launched,
    };
}
