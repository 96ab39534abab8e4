using System.Runtime.CompilerServices;
using Kaa.Control.Agent;
using Kaa.Formats;
using Kaa.Python;
using Kaa.Python.Recorded;
using Kaa.Recording.Memory;
using Kaa.Results;

namespace Kaa.Control.Memory;

/// <summary>The agent's tree of frames → stacks of a recording, each named once.</summary>
internal sealed class NodeStacks
{
    private readonly AgentMemory _memory;
    private readonly AgentMemoryArea _area;
    private readonly RecordingWriter _writer;
    private RecordedFrames? _frames;
    private readonly CodeSnapshots _snapshots;
    private KeptMemory? _kept;
    private readonly List<int> _path = [];
    private int[] _stacks = new int[1024];

    public NodeStacks(AgentMemory memory, AgentMemoryArea area, RecordingWriter writer, PythonProcess? python)
    {
        _memory = memory;
        _area = area;
        _writer = writer;
        _snapshots = new CodeSnapshots(memory, area);
        if (python is not null)
            Know(python);
    }

    /// <summary>Whose frames they are; where it comes later, no frame was seen before.</summary>
    public void Know(PythonProcess python)
    {
        FrameWalk walk = FrameWalk.Of(python);
        _frames = new RecordedFrames(python, walk);
        _kept = new KeptMemory(python.ReadMemory);
        Warm(_frames, _kept, walk);
    }

    /// <summary>Has a code object read that there is now, and with it the types that tell what it and its parts are: the process may be gone when the first one is asked for.</summary>
    private static void Warm(RecordedFrames frames, KeptMemory kept, FrameWalk walk)
    {
        if (kept.TryReadPointer(walk.Threads, out Address state) && kept.TryReadPointer(state + walk.Innermost, out Address frame)
            && (walk.CFrame is not { } next || kept.TryReadPointer(frame + next, out frame))
            && kept.TryReadPointer(frame + walk.Code, out Address code) && new Address(code.Value & walk.CodeMask) is var its && walk.Print(kept, its) is { } print)
            _ = frames.Find(its, 0, print, kept);
    }

    /// <summary>0 for no frame.</summary>
    public int Find(uint node)
    {
        _path.Clear();
        uint at = node;
        for (; at != 0 && Known(at) == 0 && _path.Count < Limits.RecordedStack * 16; at = Read(at).parent)
            _path.Add((int)at);
        int stack = at == 0 ? 0 : Known(at) - 1;
        for (int i = _path.Count - 1; i >= 0; i--)
        {
            stack = Name(Read((uint)_path[i]), stack);
            Keep((uint)_path[i], stack);
        }

        return stack;
    }

    private AgentNode Read(uint node) => node < _area.node_capacity ? _memory.Read<AgentNode>(_area.nodes + node * (ulong)Unsafe.SizeOf<AgentNode>()) : default;

    // One more than the stack; 0 for those that were not asked for yet.
    private int Known(uint node) => node < (uint)_stacks.Length ? _stacks[node] : 0;

    private void Keep(uint node, int stack)
    {
        if (node >= (uint)_stacks.Length)
            Array.Resize(ref _stacks, (int)Math.Max(node + 1, _stacks.Length * 2L));
        _stacks[node] = stack + 1;
    }

    private int Name(in AgentNode node, int caller)
    {
        if (node.code == 0 || _frames is null)
            return caller;
        IMemory? copy = _snapshots.Find(node.code, node.print, _kept!);
        if (_frames.Find(new Address(node.code), node.instruction, node.print, copy) is not { } frame)
            return caller;
        return _writer.Stack(caller, _writer.Frame(FrameOf(frame)));
    }

    private static RecordedFrame FrameOf(PythonFrame frame) =>
        new(RecordedFrameKind.Python, frame.Function, frame.File, Math.Max(frame.Line ?? 0, 0), null);
}
