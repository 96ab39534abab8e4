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
    private readonly RecordedFrames? _frames;
    private readonly CodeSnapshots _snapshots;
    private readonly KeptMemory? _kept;
    private readonly List<int> _path = [];
    private int[] _stacks = new int[1024];

    public NodeStacks(AgentMemory memory, AgentMemoryArea area, RecordingWriter writer, PythonProcess? python)
    {
        _memory = memory;
        _area = area;
        _writer = writer;
        _snapshots = new CodeSnapshots(memory, area);
        if (python is null)
            return;
        _frames = new RecordedFrames(python, FrameWalk.Of(python));
        _kept = new KeptMemory(python.ReadMemory);
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
