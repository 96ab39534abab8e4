using Kaa.Formats.ProcText;
using Kaa.Linux.Proc;

namespace Kaa.Linux.Processes;

/// <summary>All processes that /proc shows at one moment. Not safe for two threads at once: its processes share a buffer.</summary>
public sealed class ProcessList
{
    private readonly Dictionary<int, ProcessFacts> _byPid = [];
    private readonly List<ProcessFacts> _all = [];
    private readonly UserNames _users;

    private ProcessList(ProcRoot proc) => _users = new UserNames(proc);

    /// <summary>In order of pid.</summary>
    public IReadOnlyList<ProcessFacts> All => _all;

    public static ProcessList Take() => Take(ProcRoot.System);

    public static ProcessList Take(ProcRoot proc)
    {
        var list = new ProcessList(proc);
        var text = new KernelText();
        foreach (int pid in PidDirectory.List(proc))
        {
            if (!text.TryRead(proc.Of(pid, "stat"), out ReadOnlySpan<byte> stat) || stat.IsEmpty)
                continue;
            var facts = new ProcessFacts(proc, StatParser.Parse(stat), text);
            list._all.Add(facts);
            list._byPid[pid] = facts;
        }

        return list;
    }

    public ProcessFacts? Find(int pid) => _byPid.GetValueOrDefault(pid);

    /// <summary>Name of the user that the process runs as: in its own root where it has one; the number where there is no name.</summary>
    public string? UserOf(ProcessFacts process) => process.Uid is { } uid ? _users.Of(process.Pid, uid) : null;

    /// <summary>Children, their children and so on; parents before children, else in order of pid.</summary>
    public IReadOnlyList<ProcessFacts> Descendants(int pid)
    {
        var children = new Dictionary<int, List<ProcessFacts>>();
        foreach (ProcessFacts process in _all)
        {
            if (!children.TryGetValue(process.ParentPid, out List<ProcessFacts>? siblings))
                children[process.ParentPid] = siblings = [];
            siblings.Add(process);
        }

        var found = new List<ProcessFacts>();
        var seen = new HashSet<int> { pid };
        var next = new Queue<int>([pid]);
        while (next.TryDequeue(out int parent))
        {
            foreach (ProcessFacts child in children.GetValueOrDefault(parent) ?? [])
            {
                // A pid that was used again while the list was taken could close a ring.
                if (!seen.Add(child.Pid))
                    continue;
                found.Add(child);
                next.Enqueue(child.Pid);
            }
        }

        return found;
    }
}
