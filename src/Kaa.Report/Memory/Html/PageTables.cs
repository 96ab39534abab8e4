using System.Runtime.InteropServices;
using System.Text.Json;
using Kaa.Recording.Memory;

namespace Kaa.Report.Memory.Html;

/// <summary>What a page's rows refer to by numbers: stacks, frames and threads of one recording, or of two.</summary>
/// <param name="mergesThreads">Those of one name are one: in two recordings nothing else of theirs is the same.</param>
internal sealed class PageTables(bool mergesThreads)
{
    private readonly FrameNumbers _frames = new();
    private readonly Dictionary<long, int> _stackNumbers = [];
    private readonly List<(int Caller, int Frame)> _stacks = [];
    private readonly Dictionary<string, int> _threadNumbers = [];
    private readonly List<string> _threads = [];

    /// <summary>Takes those of a recording; gives its numbers on the page.</summary>
    public PageNumbers Add(RecordingTables tables)
    {
        int[] stacks = new int[tables.StackCount + 1];
        var waiting = new Stack<int>();
        for (int stack = 1; stack < stacks.Length; stack++)
        {
            // A caller that was inlined into has a later number.
            for (int at = stack; at > 0 && stacks[at] == 0; at = tables.Top(at).Caller)
                waiting.Push(at);
            while (waiting.TryPop(out int next))
            {
                (int caller, int frame) = tables.Top(next);
                stacks[next] = Stack(stacks[caller], _frames.Number(tables.Frame(frame)));
            }
        }

        int[] threads = new int[tables.Threads.Count];
        for (int i = 0; i < threads.Length; i++)
            threads[i] = Thread(tables.Threads[i]);
        return new PageNumbers(stacks, threads);
    }

    public void Write(Utf8JsonWriter json)
    {
        json.WriteStartArray("threads"u8);
        foreach (string thread in _threads)
            json.WriteStringValue(thread);
        json.WriteEndArray();
        json.WriteStartArray("allocators"u8);
        for (int i = 0; i < AllocatorKinds.Count; i++)
            json.WriteStringValue(((AllocatorKind)i).Name());
        json.WriteEndArray();
        WriteStacks(json);
        WriteFrames(json);
    }

    private int Stack(int caller, int frame)
    {
        ref int number = ref CollectionsMarshal.GetValueRefOrAddDefault(_stackNumbers, (long)caller << 32 | (uint)frame, out bool exists);
        if (!exists)
        {
            _stacks.Add((caller, frame));
            number = _stacks.Count;
        }

        return number;
    }

    private int Thread(in RecordedThread thread)
    {
        string name = MemoryNames.Of(thread);
        ref int number = ref CollectionsMarshal.GetValueRefOrAddDefault(_threadNumbers, name, out bool exists);
        if (!exists || !mergesThreads)
        {
            number = _threads.Count;
            _threads.Add(name);
        }

        return number;
    }

    private void WriteStacks(Utf8JsonWriter json)
    {
        json.WriteStartArray("stacks"u8);
        foreach ((int caller, int frame) in _stacks)
        {
            json.WriteStartArray();
            json.WriteNumberValue(caller);
            json.WriteNumberValue(frame);
            json.WriteEndArray();
        }

        json.WriteEndArray();
    }

    private void WriteFrames(Utf8JsonWriter json)
    {
        json.WriteStartArray("frames"u8);
        foreach (RecordedFrame frame in _frames.All)
        {
            json.WriteStartArray();
            json.WriteNumberValue((int)frame.Kind);
            json.WriteStringValue(frame.Function);
            json.WriteStringValue(frame.File);
            json.WriteNumberValue(frame.Line);
            json.WriteStringValue(frame.Module);
            if (frame.Offset > 0)
                json.WriteNumberValue(frame.Offset);
            json.WriteEndArray();
        }

        json.WriteEndArray();
    }
}

/// <summary>Numbers of one recording's stacks and threads on a page.</summary>
internal sealed class PageNumbers(int[] stacks, int[] threads)
{
    /// <summary>Of a site: its stack, thread and allocator.</summary>
    public AllocationSite Of(in AllocationSite site) => new(
        site.Stack < stacks.Length ? stacks[site.Stack] : 0,
        site.Thread < threads.Length ? threads[site.Thread] : 0,
        site.Allocator);
}
