using System.Runtime.InteropServices;
using Kaa.Linux.Launching;

namespace Kaa.Cli;

/// <summary>While it lives: SIGTERM for Kaa is meant for the program that it starts.</summary>
internal sealed class PassedTermination : IDisposable
{
    private readonly Func<int> _pid;
    private readonly PosixSignalRegistration _registration;
    private int _isOwed;

    /// <param name="pid">Of that program; 0 while there is none, and once it was waited for.</param>
    public PassedTermination(Func<int> pid)
    {
        _pid = pid;
        _registration = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal =>
        {
            signal.Cancel = true;
            System.Threading.Volatile.Write(ref _isOwed, 1);
            PassOn();
        });
    }

    /// <summary>Gives the program what has come before there was one: to be called once there is.</summary>
    public void PassOn()
    {
        if (System.Threading.Volatile.Read(ref _isOwed) == 1 && _pid() is > 0 and int started && System.Threading.Interlocked.Exchange(ref _isOwed, 0) == 1)
            ProgramSignals.PassTermination(started);
    }

    public void Dispose() => _registration.Dispose();
}
