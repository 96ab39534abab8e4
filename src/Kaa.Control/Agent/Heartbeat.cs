using Kaa.Linux.Calls;

namespace Kaa.Control.Agent;

/// <summary>Tells the agent that Kaa lives. Beats on a thread of its own: threads that wait must go on when Kaa is gone, not when it is busy.</summary>
internal sealed class Heartbeat : IDisposable
{
    private const int Microseconds = 20_000;

    private readonly AgentMemory _memory;
    private readonly System.Threading.Thread _thread;
    private volatile bool _isOver;

    public Heartbeat(AgentMemory memory)
    {
        _memory = memory;
        _thread = new System.Threading.Thread(Beat, 1 << 18) { Name = "heartbeat", IsBackground = true };
        _thread.Start();
    }

    public void Dispose()
    {
        _isOver = true;
        _thread.Join();
    }

    private void Beat()
    {
        for (ulong beat = _memory.ReadWord(AgentWords.HeartbeatOffset) + 1; !_isOver; beat++)
        {
            _memory.WriteWord(AgentWords.HeartbeatOffset, beat);
            Clock.Sleep(Microseconds);
        }
    }
}
