using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Kaa.Formats;
using Kaa.Python;
using Kaa.Python.Recorded;
using Kaa.Results;

namespace Kaa.Control.Agent;

/// <summary>Python stacks of events: kept once each by the agent, named once each here.</summary>
internal sealed class EventStacks(AgentMemory memory, PythonProcess? python, FrameWalk? walk)
{
    private const int MostKept = 100_000;

    private RecordedFrames? _frames = python is not null && walk is not null ? new RecordedFrames(python, walk) : null;
    private readonly Dictionary<ulong, (IReadOnlyList<PythonFrame> Frames, int Omitted)> _stacks = [];

    /// <summary>There is an interpreter, and it is known.</summary>
    public bool IsReady => _frames is not null;

    /// <summary>The interpreter has been met only now.</summary>
    public void Know(PythonProcess met, FrameWalk frames) => _frames = new RecordedFrames(met, frames);

    public IReadOnlyList<PythonFrame> Find(ulong stack, out int omitted)
    {
        if (!_stacks.TryGetValue(stack, out (IReadOnlyList<PythonFrame> Frames, int Omitted) known))
        {
            if (_stacks.Count >= MostKept)
                _stacks.Clear();
            known = Read(stack);
            _stacks.Add(stack, known);
        }

        omitted = known.Omitted;
        return known.Frames;
    }

    private (IReadOnlyList<PythonFrame> Frames, int Omitted) Read(ulong stack)
    {
        AgentStackHead head = memory.Read<AgentStackHead>(stack);
        if (stack == 0 || _frames is null || head.frames > Limits.RecordedStack)
            return ([], 0);
        AgentFrame[] raw = new AgentFrame[head.frames];
        if (!memory.TryRead(stack + (ulong)Unsafe.SizeOf<AgentStackHead>(), MemoryMarshal.AsBytes(raw.AsSpan())))
            return ([], 0);
        var frames = new List<PythonFrame>(raw.Length);
        foreach (AgentFrame one in raw)
        {
            if (_frames.Find(new Address(one.code), one.instruction, one.print) is { } frame)
                frames.Add(frame);
        }

        return (frames, (int)Math.Min(head.depth - head.frames, int.MaxValue));
    }
}
