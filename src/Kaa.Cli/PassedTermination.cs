using System.Runtime.InteropServices;
using Kaa.Linux.Launching;

namespace Kaa.Cli;

/// <summary>While it lives: SIGTERM for Kaa is meant for the program that it has started.</summary>
internal sealed class PassedTermination : IDisposable
{
    private readonly PosixSignalRegistration _registration;

    /// <param name="pid">Of that program; 0 while there is none, and once it was waited for.</param>
    public PassedTermination(Func<int> pid) => _registration = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal =>
    {
        signal.Cancel = true;
        if (pid() is > 0 and int started)
            ProgramSignals.PassTermination(started);
    });

    public void Dispose() => _registration.Dispose();
}
