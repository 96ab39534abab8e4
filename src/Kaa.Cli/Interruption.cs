using System.Runtime.InteropServices;

namespace Kaa.Cli;

/// <summary>
/// Ctrl-C. The first one lets a look that has begun come to its end, which takes milliseconds, and then ends Kaa; a second one ends it at
/// once, as kill -9 would. Before <see cref="Arm"/> it ends Kaa at once, as nothing is there yet that must come to an end: what watches for it is a
/// thread, and starting it takes as long as reading a few stacks.
/// </summary>
internal sealed class Interruption : IDisposable
{
    private readonly System.Threading.ManualResetEventSlim _requested = new();
    private PosixSignalRegistration? _registration;
    private PosixSignalRegistration? _termination;
    private PosixSignalRegistration? _hangup;

    /// <param name="armed">False where <see cref="Arm"/> will be called before anything begins that must come to its end.</param>
    public Interruption(bool armed = true)
    {
        if (armed)
            Arm();
    }

    /// <summary>From now on Ctrl-C is asked for first.</summary>
    public void Arm() => _registration ??= PosixSignalRegistration.Create(PosixSignal.SIGINT, Request);

    /// <summary>SIGTERM counts as Ctrl-C: for what has something to put right before it ends.</summary>
    public void ArmForTermination() => _termination ??= PosixSignalRegistration.Create(PosixSignal.SIGTERM, Request);

    /// <summary>So does the end of the terminal (SIGHUP).</summary>
    public void ArmForHangup() => _hangup ??= PosixSignalRegistration.Create(PosixSignal.SIGHUP, Request);

    /// <summary>What a second signal leaves no time for: to put a terminal right.</summary>
    public Action? BeforeEnd { get; set; }

    public bool IsRequested => _requested.IsSet;

    /// <summary>By SIGTERM: more is to end than what is at work.</summary>
    public bool IsTermination { get; private set; }

    public void ThrowIfRequested()
    {
        if (_requested.IsSet)
            throw new OperationCanceledException();
    }

    /// <summary>Waits that long, or throws as soon as Ctrl-C comes.</summary>
    public void Wait(TimeSpan time)
    {
        if (time > TimeSpan.Zero)
            _requested.Wait(time);
        ThrowIfRequested();
    }

    private void Request(PosixSignalContext signal)
    {
        // A terminal that goes away says so twice: the kernel does, and then the shell does.
        signal.Cancel = !_requested.IsSet || signal.Signal == PosixSignal.SIGHUP;
        if (!signal.Cancel)
            BeforeEnd?.Invoke();
        IsTermination |= signal.Signal == PosixSignal.SIGTERM;
        _requested.Set();
    }

    public void Dispose()
    {
        _registration?.Dispose();
        _termination?.Dispose();
        _hangup?.Dispose();
        _requested.Dispose();
    }
}
