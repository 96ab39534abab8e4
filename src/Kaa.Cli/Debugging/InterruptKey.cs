using System.Runtime.InteropServices;

namespace Kaa.Cli.Debugging;

/// <summary>Ctrl-C while a word is at work: asked for again and again, it ends that word, not the session.</summary>
internal sealed class InterruptKey : IDisposable
{
    private readonly PosixSignalRegistration _registration;
    private volatile bool _wasPressed;

    public InterruptKey()
    {
        _registration = PosixSignalRegistration.Create(PosixSignal.SIGINT, signal =>
        {
            signal.Cancel = true;
            _wasPressed = true;
        });
    }

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

    public void Dispose() => _registration.Dispose();
}
