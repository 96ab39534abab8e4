using Kaa.Control.Agent;

namespace Kaa.Control.Following;

/// <summary>A process with an agent, whose threads somebody goes along with when they make children, or become other programs.</summary>
internal abstract class FollowedProcess : IDisposable
{
    private int _departures;

    public abstract int Pid { get; }

    public abstract AgentSession Agent { get; }

    /// <summary>Threads of it are gone along with, by its agent, which must be there until they have arrived. One may be running another program by now.</summary>
    public bool IsBeingLeft => System.Threading.Volatile.Read(ref _departures) > 0;

    public abstract void Dispose();

    /// <summary>On any thread, like <see cref="EndDeparture"/>.</summary>
    public void BeginDeparture() => System.Threading.Interlocked.Increment(ref _departures);

    public void EndDeparture() => System.Threading.Interlocked.Decrement(ref _departures);
}
