using System.Runtime.InteropServices;
using Kaa.Results;

namespace Kaa.Report.Tracing;

/// <summary>Hits of one call that came from the same Python line.</summary>
public sealed class TraceGroup
{
    // What is beyond that is seldom, or different each time.
    private const int MostExamples = 64;

    private readonly Dictionary<string, Example> _examples = [];

    public required TraceEvent First { get; init; }

    public long Count { get; private set; }

    public long Errors { get; private set; }

    /// <summary>In seconds, of the calls whose end was seen.</summary>
    public double TotalSeconds { get; private set; }

    /// <summary>The most frequent arguments among the first that came, and how often they were there.</summary>
    public (TraceEvent Event, long Count) MostFrequent
    {
        get
        {
            Example best = default;
            foreach (Example example in _examples.Values)
                best = example.Count > best.Count ? example : best;
            return (best.Event, best.Count);
        }
    }

    internal void Add(TraceEvent hit)
    {
        Count++;
        Errors += hit.Result?.Error is null ? 0 : 1;
        TotalSeconds += hit.Duration ?? 0;
        string arguments = TraceLine.Arguments(hit);
        if (_examples.Count < MostExamples || _examples.ContainsKey(arguments))
        {
            ref Example example = ref CollectionsMarshal.GetValueRefOrAddDefault(_examples, arguments, out bool isKnown);
            example = isKnown ? example with { Count = example.Count + 1 } : new Example(hit, 1);
        }
    }

    private readonly record struct Example(TraceEvent Event, long Count);
}

/// <summary>Sums hits up by call and Python line: which line is it that does this all the time?</summary>
public sealed class TraceGroups
{
    private readonly Dictionary<Key, TraceGroup> _groups = [];

    public long Count { get; private set; }

    public void Add(TraceEvent hit)
    {
        Count++;
        PythonFrame? frame = hit.Stack.Innermost;
        var key = new Key(hit.Kind, hit.Name, hit.Module, frame?.File, frame?.Line, frame?.Function);
        if (!_groups.TryGetValue(key, out TraceGroup? group))
            _groups.Add(key, group = new TraceGroup { First = hit });
        group.Add(hit);
    }

    /// <summary>Most hits first.</summary>
    public List<TraceGroup> Sorted()
    {
        var sorted = new List<TraceGroup>(_groups.Values);
        sorted.Sort(static (left, right) => right.Count != left.Count ? right.Count.CompareTo(left.Count) : left.First.Seconds.CompareTo(right.First.Seconds));
        return sorted;
    }

    private readonly record struct Key(TraceEventKind Kind, string Name, string? Module, string? File, int? Line, string? Function);
}
