using System.Runtime.InteropServices;
using Kaa.Linux.Calls;
using Kaa.Linux.Launching;
using Kaa.Linux.Terminal;

namespace Kaa.Cli.Debugging;

/// <summary>
/// Ctrl-C while a word is at work: asked for again and again, it ends that word, not the session. SIGTERM, by which scripts and service managers end things, the end of the terminal (SIGHUP) and that of
/// the Kaa that this is a copy of end the session too, in order: at the prompt as well.
/// </summary>
internal sealed class InterruptKey : IDisposable
{
    // A terminal gives Ctrl-C to Kaa and to its copy, and Kaa passes it on.
    private const int OnePress = 300_000; // µs

    private readonly PosixSignalRegistration[] _registrations;
    private readonly ParentLife? _parent;
    private long _pressedAt = -OnePress;
    private int _asked;
    private volatile bool _wasPressed;
    private volatile bool _isEnding;

    public InterruptKey(ParentLife? parent)
    {
        _parent = parent;
        _registrations =
        [
            PosixSignalRegistration.Create(PosixSignal.SIGINT, signal =>
            {
                signal.Cancel = true;
                Press();
            }),
            PosixSignalRegistration.Create(PosixSignal.SIGTERM, End),
            PosixSignalRegistration.Create(PosixSignal.SIGHUP, End),
        ];
        parent?.WhenGone(End);
    }

    /// <summary>Rings when the session is to end.</summary>
    public WakePipe Wake { get; } = new();

    /// <summary>No further word is to begin.</summary>
    public bool IsEnding => _isEnding;

    /// <summary>Forgets an old one.</summary>
    public void Reset()
    {
        _asked = _parent?.Asked ?? 0;
        _wasPressed = _isEnding;
    }

    /// <exception cref="OperationCanceledException">It was pressed since it was last asked.</exception>
    public void ThrowIfPressed()
    {
        if (_parent is { } parent && parent.Asked != _asked)
        {
            _asked = parent.Asked;
            Press();
        }

        if (!_wasPressed)
            return;
        _wasPressed = false;
        throw new OperationCanceledException();
    }

    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in _registrations)
            registration.Dispose();
        _parent?.WhenGone(() => { });
        Wake.Dispose();
    }

    private void Press()
    {
        long now = Clock.Microseconds;
        long before = System.Threading.Interlocked.Exchange(ref _pressedAt, now);
        _wasPressed |= now - before >= OnePress;
    }

    /// <summary>A second one, for a word that does not ask, ends Kaa at once.</summary>
    private void End(PosixSignalContext signal)
    {
        signal.Cancel = !_isEnding || Clock.Microseconds - _pressedAt < OnePress || signal.Signal == PosixSignal.SIGHUP;
        _pressedAt = _isEnding ? _pressedAt : Clock.Microseconds;
        End();
    }

    private void End()
    {
        _isEnding = _wasPressed = true;
        Wake.Ring();
    }
}
