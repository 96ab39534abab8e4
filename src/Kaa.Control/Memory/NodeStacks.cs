using System.Runtime.CompilerServices;
using Kaa.Control.Agent;
using Kaa.Control.Memory.Native;
using Kaa.Formats;
using Kaa.Python;
using Kaa.Python.Recorded;
using Kaa.Recording.Memory;
using Kaa.Results;
using Kaa.Target;

namespace Kaa.Control.Memory;

/// <summary>The agent's tree of frames → stacks of a recording, each named once.</summary>
internal sealed class NodeStacks
{
    /// <summary>Of code objects and their texts and tables; every build of CPython exports them.</summary>
    private static readonly string[] s_types = ["PyType_Type", "PyCode_Type", "PyUnicode_Type", "PyBytes_Type", "PyString_Type"];

    private readonly AgentMemory _memory;
    private readonly AgentMemoryArea _area;
    private readonly RecordingWriter _writer;
    private RecordedFrames? _frames;
    private readonly CodeSnapshots _snapshots;
    private KeptMemory? _kept;
    private readonly NativeNames? _names;
    /// <summary>Frames whose code could not be kept: there was no room for more.</summary>
    public int UnnamedCount { get; private set; }

    private readonly List<int> _path = [];
    private readonly List<int> _python = [];
    private int[] _stacks = new int[1024];
    private int[] _frameNumbers = new int[1024];

    /// <param name="names">Null where C frames are not recorded.</param>
    public NodeStacks(AgentMemory memory, AgentMemoryArea area, RecordingWriter writer, NativeNames? names)
    {
        _names = names;
        _memory = memory;
        _area = area;
        _writer = writer;
        _snapshots = new CodeSnapshots(memory, area);
    }

    /// <summary>Whose frames they are; where it comes later, no frame was seen before.</summary>
    /// <param name="target">Where that interpreter is.</param>
    public void Know(ObservedTarget target, PythonProcess python)
    {
        _frames = new RecordedFrames(python, FrameWalk.Of(python));
        _kept = new KeptMemory(python.ReadMemory);

        // The process may be gone when the first code object is asked for, and the types are not among the copies.
        _frames.ReadTypes(TypesOf(target, python), _kept);
    }

    private static IEnumerable<Address> TypesOf(ObservedTarget target, PythonProcess python)
    {
        if (python.Module is not { } module)
            yield break;
        foreach (string name in s_types)
        {
            if (target.Images.For(module).FindSymbol(name) is { } address)
                yield return address;
        }
    }

    /// <summary>0 for no frame.</summary>
    public int Find(uint node)
    {
        if (Known(_stacks, node) is var known and > 0)
            return known - 1;
        AgentNode innermost = Read(node);
        (uint native, uint python) = innermost.IsBoth ? (innermost.parent, (uint)innermost.instruction) : innermost.IsNative ? (node, 0u) : (0u, node);

        // Where C frames are not recorded, a thread may still have some that was on its way when an earlier recording with them ended.
        int stack = native == 0 || _names is null ? FindPython(python) : Merge(native, python, _names);
        Keep(ref _stacks, node, stack);
        return stack;
    }

    private int FindPython(uint node)
    {
        _path.Clear();
        uint at = node;
        for (; at != 0 && Known(_stacks, at) == 0 && _path.Count < Limits.RecordedStack * 16; at = Read(at).parent)
            _path.Add((int)at);
        int stack = at == 0 ? 0 : Known(_stacks, at) - 1;
        for (int i = _path.Count - 1; i >= 0; i--)
        {
            stack = Put(stack, FrameNumber((uint)_path[i]));
            Keep(ref _stacks, (uint)_path[i], stack);
        }

        return stack;
    }

    /// <summary>The C frames, and the Python frames in front of those that run them; from the outermost one on.</summary>
    private int Merge(uint native, uint python, NativeNames names)
    {
        Walk(_python, python);
        Walk(_path, native);
        int first = 0;
        while (first < _path.Count - 1 && names.IsAllocator(Read((uint)_path[first])))
            first++;
        int stack = 0;
        int next = _python.Count;
        for (int i = _path.Count - 1; i >= first; i--)
        {
            AgentNode frame = Read((uint)_path[i]);
            while (next > 0 && _python.Count - next < frame.Outside)
                stack = Put(stack, FrameNumber((uint)_python[--next]));
            bool isWhole = frame.IsCut && i > first && names.IsFirst(Read((uint)_path[i - 1]));
            stack = isWhole ? stack : Put(stack, names.Find(frame, _python.Count > 0));
        }

        while (next > 0)
            stack = Put(stack, FrameNumber((uint)_python[--next]));
        return stack;
    }

    /// <summary>The node and all below it, the innermost first.</summary>
    private void Walk(List<int> path, uint node)
    {
        path.Clear();
        for (; node != 0 && path.Count < Limits.RecordedStack * 16; node = Read(node).parent)
            path.Add((int)node);
    }

    private int Put(int stack, int frame) => frame < 0 ? stack : _writer.Stack(stack, frame);

    private AgentNode Read(uint node) => node < _area.node_capacity ? _memory.Read<AgentNode>(_area.nodes + node * (ulong)Unsafe.SizeOf<AgentNode>()) : default;

    // One more than the value; 0 for those that were not asked for yet.
    private static int Known(int[] values, uint node) => node < (uint)values.Length ? values[node] : 0;

    private static void Keep(ref int[] values, uint node, int value)
    {
        if (node >= (uint)values.Length)
            Array.Resize(ref values, (int)Math.Max(node + 1, values.Length * 2L));
        values[node] = value + 1;
    }

    /// <summary>Of a node that is a Python frame; −1 where it has no name.</summary>
    private int FrameNumber(uint number)
    {
        if (Known(_frameNumbers, number) is var known and not 0)
            return known < 0 ? NativeNames.Omitted : known - 1;
        int frame = Name(Read(number));
        Keep(ref _frameNumbers, number, frame < 0 ? -2 : frame);
        return frame;
    }

    private int Name(in AgentNode node)
    {
        if (node.code == 0 || _frames is null)
            return NativeNames.Omitted;
        if (_snapshots.Find(node.code, node.print, _kept!) is not { } copy)
        {
            UnnamedCount++;
            return _writer.Frame(new RecordedFrame(RecordedFrameKind.Python, null, null, 0, null));
        }

        return _frames.Find(new Address(node.code), node.instruction, node.print, copy) is { } frame ? _writer.Frame(FrameOf(frame)) : NativeNames.Omitted;
    }

    private static RecordedFrame FrameOf(PythonFrame frame) =>
        new(RecordedFrameKind.Python, frame.Function, frame.File, Math.Max(frame.Line ?? 0, 0), null);
}
