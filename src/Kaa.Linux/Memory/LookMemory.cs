using Kaa.Formats;
using Kaa.Linux.Calls;
using Kaa.Target;

namespace Kaa.Linux.Memory;

/// <summary>The memory that observers are given: cached for one pass, and with an end while threads stand still for it. Keeps its buffers.</summary>
internal sealed class LookMemory
{
    private readonly PageCache _cache;
    private long _deadline;

    public LookMemory(IMemory memory) => _cache = new PageCache(memory, () => Clock.Microseconds >= _deadline, prepare: OwnPages.Populate);

    /// <param name="deadline">In microseconds of <see cref="Clock.Microseconds"/>; null where nobody waits.</param>
    public IMemory Begin(long? deadline)
    {
        _deadline = deadline ?? long.MaxValue;
        _cache.Clear();
        return _cache;
    }
}
