using Kaa.Linux.Calls;
using Kaa.Linux.Proc;

namespace Kaa.Control.Agent;

/// <summary>Ids of a process's threads: as the process sees them → as Kaa does. And whether it still has any.</summary>
internal sealed class NamespaceTids(int pid) : IDisposable
{
    private const int CheckEvery = 50_000; // µs

    private readonly TaskDirectory? _tasks = TaskDirectory.Open(ProcRoot.System, pid);
    private readonly Dictionary<int, int> _known = [];
    private long _checkedAt = long.MinValue;
    private bool _isAlive = true;

    /// <summary>As of some milliseconds ago.</summary>
    public bool IsAlive
    {
        get
        {
            lock (_known)
            {
                long now = Clock.Microseconds;
                if (_isAlive && now > _checkedAt + CheckEvery)
                {
                    var tids = new List<int>();
                    _isAlive = _tasks is not null && _tasks.List(tids) && tids.Exists(tid => _tasks.Stat(tid) is { IsZombie: false });
                    _checkedAt = now;
                }

                return _isAlive;
            }
        }
    }

    /// <summary>Null where there is no such thread now.</summary>
    public int? Find(int namespaceTid)
    {
        lock (_known)
        {
            if (_known.TryGetValue(namespaceTid, out int known) && InNamespace(known) == namespaceTid)
                return known;
            var tids = new List<int>();
            if (_tasks is null || !_tasks.List(tids))
                return null;
            foreach (int tid in tids)
            {
                if (InNamespace(tid) is { } inner)
                    _known[inner] = tid;
            }

            return _known.TryGetValue(namespaceTid, out int found) && InNamespace(found) == namespaceTid ? found : null;
        }
    }

    public void Dispose() => _tasks?.Dispose();

    private int? InNamespace(int tid) => _tasks?.Status(tid) is not { } status ? null : status.NamespacePids is [.., var inner] ? inner : tid;
}
