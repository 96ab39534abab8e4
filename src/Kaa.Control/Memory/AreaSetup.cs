using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Kaa.Control.Agent;
using Kaa.Python;
using Kaa.Python.Layout;
using Kaa.Python.Recorded;

namespace Kaa.Control.Memory;

/// <summary>Tells the agent what it needs to record allocations.</summary>
internal static class AreaSetup
{
    private const int Patience = 100; // ms
    private const int WidestItem = 4; // a character of a string
    private const uint CompactAscii = 0b11 << 3; // behind the three bits of its kind
    private const int ObjectHead = 80; // more than any string or bytes has in front of its items

    public static AgentMemoryArea Prepare(AgentSession agent, PythonProcess? python, MemoryRequest request)
    {
        AgentMemory memory = agent.Shared;
        memory.WriteHalf(agent.Allocations + AreaWords.Recording, 0);
        AgentMemoryArea area = memory.Read<AgentMemoryArea>(agent.Allocations);
        area.session++;
        area.sample = (ulong)(request.SampleBytes ?? 0);
        area.patience = Patience;
        area.tail = area.head;
        area.unwind = request.Native ? new MemoryAreaLayout(agent.Allocations, HasNatives: true).Unwind : 0;
        if (python is not null)
            DescribeCode(ref area, python);
        if (request.SampleBytes is { } mean)
        {
            MemoryMarshal.AsBytes<ulong>(Draws(mean)).CopyTo(memory.Map(area.draws, MemoryAreaLayout.Draws * 8));
            memory.Map(area.sampled, area.sampled_size * 8).Clear();
        }

        _ = memory.TryDiscard(area.ring, area.ring_units * (ulong)Unsafe.SizeOf<AgentAllocation>());
        area.chunk = 0;

        // Of code objects that were freed since then nobody was told. What they were like is known for good.
        if (!memory.TryDiscard(area.codes, area.codes_size * (ulong)Unsafe.SizeOf<AgentCode>()))
            memory.Map(area.codes, area.codes_size * (ulong)Unsafe.SizeOf<AgentCode>()).Clear();

        // Behind that there are counters, which threads of an earlier recording may be changing yet.
        memory.TryWrite(agent.Allocations, MemoryMarshal.AsBytes(MemoryMarshal.CreateReadOnlySpan(ref area, 1))[..(int)AreaWords.Head]);
        foreach (ulong counter in (ReadOnlySpan<ulong>)[AreaWords.Lost, AreaWords.ThreadsLost, AreaWords.NodesLost, AreaWords.Blocked])
            memory.WriteWord(agent.Allocations + counter, 0);
        OwnMemory.Begin(agent);
        return area;
    }

    /// <summary>The same for an interpreter that has come later: nobody walks its frames yet.</summary>
    public static void Describe(AgentSession agent, PythonProcess python)
    {
        AgentMemoryArea area = agent.Shared.Read<AgentMemoryArea>(agent.Allocations);
        DescribeCode(ref area, python);
        Write(agent, ref area, AreaWords.CodeSize, AreaWords.CodeEnd);
        Write(agent, ref area, AreaWords.Entry, AreaWords.Tail);
    }

    private static void Write(AgentSession agent, ref AgentMemoryArea area, ulong start, ulong end) =>
        agent.Shared.TryWrite(agent.Allocations + start, MemoryMarshal.AsBytes(MemoryMarshal.CreateReadOnlySpan(ref area, 1))[(int)start..(int)end]);

    private static void DescribeCode(ref AgentMemoryArea area, PythonProcess python)
    {
        var copy = CodeCopy.Of(python);
        var walk = FrameWalk.Of(python);
        area.entry = walk.IsEntry ?? 0;
        area.cframe_back = walk.CFrameBack ?? 0;
        area.mark = walk.Mark ?? 0;
        area.generator = walk.MarkedGenerator ?? 0;
        area.code_size = (uint)copy.Size;
        for (int i = 0; i < copy.References.Count; i++)
            area.code_texts[i] = copy.References[i];
        area.length = copy.Length;
        area.unit = WidestItem;
        area.extra = ObjectHead;
        PyUnicodeFields text = python.ObjectLayout.PyUnicodeObject;
        bool isBytes = text.state == ObjectLayout.Absent; // 2.7
        area.bytes_data = python.ObjectLayout.ob_sval;
        area.text_data = isBytes ? python.ObjectLayout.ob_sval : text.ascii_size;
        area.text_state = isBytes ? 0 : text.state;
        area.text_ascii = isBytes ? 0 : CompactAscii << text.kind_shift;
    }

    /// <summary>Distances between samples: exponential numbers, stratified so that these few have the right mean.</summary>
    private static ulong[] Draws(long mean)
    {
        ulong[] draws = new ulong[MemoryAreaLayout.Draws];
        for (int i = 0; i < draws.Length; i++)
            draws[i] = (ulong)Math.Max(1, Math.Round(-Math.Log(1 - (i + 0.5) / draws.Length) * mean));
        return draws;
    }
}
