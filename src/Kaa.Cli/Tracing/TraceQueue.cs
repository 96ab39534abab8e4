using Kaa.Control.Tracing;
using Kaa.Results;

namespace Kaa.Cli.Tracing;

/// <summary>
/// Hits on their way from the tracer, whom the target waits for, to the reader, who may be a slow terminal. What finds no room is counted: a reader must not be
/// able to hold up a program.
/// </summary>
internal sealed class TraceQueue : ITraceSink, IDisposable
{
    private const int MostWaiting = 200_000;

    /// <summary>So many are worth waking the writer for; fewer it finds by itself soon.</summary>
    private const int WorthWaking = 512;
    private const int LookEvery = 20; // ms

    private readonly System.Threading.Lock _lock = new();
    private readonly System.Threading.ManualResetEventSlim _ready = new();
    private List<TraceEvent> _waiting = [];
    private List<TraceEvent> _taken = [];
    private bool _isComplete;

    public long Lost { get; private set; }

    public void Add(TraceEvent hit)
    {
        int count;
        lock (_lock)
        {
            if (_waiting.Count == MostWaiting)
            {
                Lost++;
                return;
            }

            _waiting.Add(hit);
            count = _waiting.Count;
        }

        if (count == WorthWaking)
            _ready.Set();
    }

    /// <summary>Nothing more will come.</summary>
    public void Complete()
    {
        lock (_lock)
            _isComplete = true;
        _ready.Set();
    }

    /// <summary>Waits for hits; null once all have been taken and no more will come. Valid until the next call.</summary>
    public IReadOnlyList<TraceEvent>? Take()
    {
        while (true)
        {
            _ready.Wait(LookEvery);
            lock (_lock)
            {
                _ready.Reset();
                if (_waiting.Count > 0)
                {
                    _taken.Clear();
                    (_waiting, _taken) = (_taken, _waiting);
                    return _taken;
                }

                if (_isComplete)
                    return null;
            }
        }
    }

    public void Dispose() => _ready.Dispose();
}
