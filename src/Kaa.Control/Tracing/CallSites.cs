using Kaa.Control.Agent;
using Kaa.Formats;
using Kaa.Linux;
using Kaa.Linux.Calls;
using Kaa.Linux.Proc;
using Kaa.Results;

namespace Kaa.Control.Tracing;

/// <summary>The functions that a trace asks for: those that are traced, and those that are found when a library comes along.</summary>
internal sealed class CallSites(IReadOnlyList<FunctionPattern> patterns)
{
    private const int LookEvery = 50_000; // µs

    private readonly HashSet<Address> _known = [];
    private readonly Dictionary<int, (int Tid, long Until)> _tids = [];
    private readonly KernelText _text = new();
    private long _lookedAt;
    private int _mappings = -1;

    public Dictionary<HookHandle, CallHook> Armed { get; } = [];

    /// <summary>Found, not traced yet.</summary>
    public List<CallHook> New { get; } = [];

    /// <summary>IFUNCs that nobody has called yet.</summary>
    public List<string> Unresolved { get; private set; } = [];

    /// <summary>Patterns that no function of the process has matched so far.</summary>
    public List<string> Missing { get; } = [];

    public void Look(LiveTarget target)
    {
        // First: what comes along from now on is news.
        if (_mappings < 0)
            _mappings = CountFiles(target.Info.Pid!.Value);
        var search = new FunctionSearch(target);
        Missing.Clear();
        foreach (FunctionPattern pattern in patterns)
        {
            bool any = false;
            foreach (FoundFunction function in search.Find(pattern))
            {
                any = true;
                if (_known.Add(function.Address))
                    New.Add(CallHook.Of(function));
            }

            if (!any)
                Missing.Add(pattern.Text);
        }

        Unresolved = search.Unresolved;
    }

    /// <summary>True where libraries have come along with functions that are asked for. Cheap where none has.</summary>
    public bool HasNews(LiveTarget target)
    {
        long now = Clock.Microseconds;
        if (now < _lookedAt + LookEvery)
            return false;
        _lookedAt = now;
        int pid = target.Info.Pid!.Value;
        int count = CountFiles(pid);
        bool isChanged = _mappings >= 0 && count != _mappings;
        _mappings = count;
        if (!isChanged)
            return false;
        try
        {
            using LiveTarget anew = LiveTarget.Open(pid);
            Look(anew);
        }
        catch (Exception e) when (e is UserError or TargetFault)
        {
            return false;
        }

        return New.Count > 0;
    }

    /// <summary>The id of the thread as seen from here; that in its own namespace where it is gone.</summary>
    public int TidOf(AgentSession session, AgentEvent made)
    {
        const int KeptFor = 1_000_000; // µs
        long now = Clock.Microseconds;
        if (_tids.TryGetValue(made.NamespaceTid, out (int Tid, long Until) known) && now < known.Until)
            return known.Tid;
        int tid = session.TidOf(made) ?? made.NamespaceTid;
        _tids[made.NamespaceTid] = (tid, now + KeptFor);
        return tid;
    }

    /// <summary>A library that is loaded adds mappings of a file whose code can be run.</summary>
    private int CountFiles(int pid)
    {
        if (!_text.TryRead(ProcRoot.System.Of(pid, "maps"), out ReadOnlySpan<byte> maps))
            return -1;
        int count = 0;
        foreach (Range line in maps.Split((byte)'\n'))
        {
            ReadOnlySpan<byte> text = maps[line];
            int mode = text.IndexOf((byte)' ');
            count += mode > 0 && text.Length > mode + 4 && text[mode + 3] == (byte)'x' && text.IndexOf((byte)'/') > 0 ? 1 : 0;
        }

        return count;
    }
}
