namespace Kaa.Linux.Looking;

/// <summary>
/// A thread of Kaa's that traces for as long as a debugger's session lasts, and does what others ask of it, one after the other: what has been seized belongs to the
/// thread that seized it. When it ends, or Kaa does, the kernel lets go of everything.
/// </summary>
public sealed class TracerLoop : IDisposable
{
    private const int MeanwhileEvery = 10; // ms
    private const int IdleEvery = 2; // ms

    private readonly object _lock = new();
    private readonly System.Threading.Thread _thread;
    private readonly Queue<Work> _queue = [];
    private bool _isEnding;
    private int _users = 1;

    public TracerLoop()
    {
        _thread = new System.Threading.Thread(Loop, 8 << 20) { Name = "tracer", IsBackground = true };
        _thread.Start();
    }

    /// <summary>Done there every few milliseconds while nothing is asked of it; null for nothing. Does not throw.</summary>
    public Action? Idle { get; set; }

    /// <summary>One more process is traced by it: it ends with the last <see cref="Dispose"/>.</summary>
    public TracerLoop Share()
    {
        _ = System.Threading.Interlocked.Increment(ref _users);
        return this;
    }

    public bool IsCurrent => System.Threading.Thread.CurrentThread == _thread;

    /// <summary>Runs it there and waits; what it throws is thrown here.</summary>
    /// <param name="meanwhile">Called again and again on the thread that asks, until it is done; for <see cref="Tracer.BuryTheDead"/>.</param>
    public void Run(Action action, Action? meanwhile = null)
    {
        if (IsCurrent)
        {
            action();
            return;
        }

        using var work = new Work(action);
        lock (_lock)
        {
            _queue.Enqueue(work);
            System.Threading.Monitor.PulseAll(_lock);
        }

        while (!work.Done.Wait(meanwhile is null ? System.Threading.Timeout.Infinite : MeanwhileEvery))
            meanwhile!();
        work.Failure?.Throw();
    }

    public void Dispose()
    {
        if (System.Threading.Interlocked.Decrement(ref _users) > 0)
            return;
        lock (_lock)
        {
            _isEnding = true;
            System.Threading.Monitor.PulseAll(_lock);
        }

        if (!IsCurrent)
            _thread.Join();
    }

    private void Loop()
    {
        while (TryNext(out Work? work))
        {
            if (work is null)
            {
                Idle?.Invoke();
                continue;
            }

            try
            {
                work.Action();
            }
#pragma warning disable CA1031 // It is thrown again on the thread that asked.
            catch (Exception e)
#pragma warning restore CA1031
            {
                work.Failure = System.Runtime.ExceptionServices.ExceptionDispatchInfo.Capture(e);
            }

            work.Done.Set();
        }
    }

    /// <param name="work">Null where there is none now.</param>
    /// <returns>False at the end.</returns>
    private bool TryNext(out Work? work)
    {
        lock (_lock)
        {
            if (_queue.Count == 0 && !_isEnding)
                _ = System.Threading.Monitor.Wait(_lock, Idle is null ? System.Threading.Timeout.Infinite : IdleEvery);
            return _queue.TryDequeue(out work) || !_isEnding;
        }
    }

    private sealed class Work(Action action) : IDisposable
    {
        public Action Action { get; } = action;

        public System.Threading.ManualResetEventSlim Done { get; } = new();

        public System.Runtime.ExceptionServices.ExceptionDispatchInfo? Failure { get; set; }

        public void Dispose() => Done.Dispose();
    }
}
