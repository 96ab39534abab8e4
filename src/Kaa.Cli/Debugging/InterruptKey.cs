using System.Runtime.InteropServices;

namespace Kaa.Cli.Debugging;

/// <summary>
/// Ctrl-C while a word is at work: asked for again and again, it ends that word, not the session. SIGTERM, by which scripts and service managers end things, ends the session too; at the
/// prompt it ends Kaa at once.
/// </summary>
internal sealed class InterruptKey : IDisposable
{
    private readonly PosixSignalRegistration _registration;
    private readonly PosixSignalRegistration _termination;
    private volatile bool _wasPressed;
    private volatile bool _isEnding;
    private volatile bool _isAtWork;

    public InterruptKey()
    {
        _registration = PosixSignalRegistration.Create(PosixSignal.SIGINT, signal =>
        {
            signal.Cancel = true;
            _wasPressed = true;
        });
        _termination = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal =>
        {
            signal.Cancel = _isAtWork && !_isEnding;
            _isEnding = _wasPressed = true;
        });
    }

    /// <summary>A word is at work, and will ask.</summary>
    public bool IsAtWork { set => _isAtWork = value; }

    /// <summary>SIGTERM has come: no further word is to begin.</summary>
    public bool IsEnding => _isEnding;

    /// <summary>Forgets an old one.</summary>
    public void Reset() => _wasPressed = false;

    /// <exception cref="OperationCanceledException">It was pressed since it was last asked.</exception>
    public void ThrowIfPressed()
    {
        if (!_wasPressed)
            return;
        _wasPressed = false;
        throw new OperationCanceledException();
    }

    public void Dispose()
    {
        _registration.Dispose();
        _termination.Dispose();
    }
}
