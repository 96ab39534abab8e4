using Kaa.Recording.Format;

namespace Kaa.Recording.Memory;

/// <summary>
/// Writes a recording while it grows. Everything is kept until <see cref="Flush"/>, which writes what events refer to before the events. An
/// exception of the stream (a full disk) passes through; what was flushed before stays readable.
/// </summary>
public sealed class RecordingWriter
{
    private readonly BlockWriter _blocks;
    private readonly ByteSink _names = new();
    private readonly ByteSink _frames = new();
    private readonly ByteSink _stacks = new();
    private readonly ByteSink _threads = new();
    private readonly ByteSink _threadNames = new();
    private readonly ByteSink _events = new();
    private readonly ByteSink _sizes = new();
    private readonly ByteSink _losses = new();
    private readonly ByteSink _modules = new();
    private readonly ByteSink _symbols = new();
    private readonly Dictionary<string, int> _nameNumbers = new(StringComparer.Ordinal);
    private readonly Dictionary<RecordedFrame, int> _frameNumbers = [];
    private readonly Dictionary<long, int> _stackNumbers = [];
    private readonly Dictionary<RecordedThread, int> _threadNumbers = [];
    private int _frameCount;
    private int _moduleCount;
    private readonly List<RecordedFrame> _knownFrames = [];
    private readonly List<int> _stackFrames = [];
    private readonly List<RecordedThread> _knownThreads = [];

    /// <exception cref="IOException">The stream takes nothing.</exception>
    public RecordingWriter(Stream stream, RecordingFacts facts)
    {
        _blocks = new BlockWriter(stream);
        _blocks.Write(BlockKind.Facts, facts.ToJson());
        Events = new EventEncoder(_events);
    }

    /// <summary>More is known of the process than when the recording began: replaces what was told then.</summary>
    /// <exception cref="IOException">The stream takes no more.</exception>
    public void Facts(RecordingFacts facts)
    {
        Flush();
        _blocks.Write(BlockKind.Facts, facts.ToJson());
        _blocks.Flush();
    }

    /// <summary>What happens is told here, in order.</summary>
    public EventEncoder Events { get; }

    /// <summary>Bytes written, without what waits for <see cref="Flush"/>.</summary>
    public long Length => _blocks.Length;

    /// <summary>Bytes that wait for <see cref="Flush"/>.</summary>
    public int Pending => _names.Length + _frames.Length + _stacks.Length + _threads.Length + _events.Length + _sizes.Length;

    /// <summary>Threads by their numbers, called what they are called by now.</summary>
    public IReadOnlyList<RecordedThread> KnownThreads => _knownThreads;

    /// <summary>The number of the frame on top of a stack; -1 for stack 0, which has none.</summary>
    public int InnermostFrame(int stack) => stack > 0 ? _stackFrames[stack - 1] : -1;

    /// <param name="number">Of a frame; -1 for none.</param>
    public RecordedFrame FrameOf(int number) => number >= 0 ? _knownFrames[number] : default;

    public int Frame(in RecordedFrame frame)
    {
        if (_frameNumbers.TryGetValue(frame, out int number))
            return number;
        int function = Name(frame.Function);
        int file = Name(frame.File);
        int module = Name(frame.Module);
        _frames.U8((byte)frame.Kind);
        _frames.Uleb(function);
        _frames.Uleb(file);
        _frames.Uleb(frame.Line);
        _frames.Uleb(module);
        number = _frameCount++;
        _frameNumbers.Add(frame, number);
        _knownFrames.Add(frame);
        return number;
    }

    /// <summary>A file of code.</summary>
    /// <param name="path">As the recorded process sees it.</param>
    /// <param name="buildId">In hex; null where it has none.</param>
    public int Module(string path, string? buildId)
    {
        int pathName = Name(path);
        int idName = Name(buildId);
        _modules.Uleb(pathName);
        _modules.Uleb(idName);
        return _moduleCount++;
    }

    /// <summary>A frame of C of which only the address is known yet.</summary>
    /// <param name="module">Its number.</param>
    /// <param name="offset">As the module's own tables have it: without what it was moved by.</param>
    /// <param name="isReturn">The address is that behind a call.</param>
    public int AddressFrame(int module, ulong offset, bool isReturn)
    {
        _frames.U8((byte)RecordedFrameKind.Address);
        _frames.Uleb(module);
        _frames.Uleb(unchecked((long)offset));
        _frames.U8((byte)(isReturn ? 1 : 0));
        _knownFrames.Add(default);
        return _frameCount++;
    }

    /// <summary>What such a frame was found to be: the functions that were inlined there, the innermost first, then the one that was compiled.</summary>
    /// <param name="frame">Its number.</param>
    public void Symbols(int frame, IReadOnlyList<RecordedFrame> found)
    {
        _symbols.Uleb(frame);
        _symbols.Uleb(found.Count);
        foreach (RecordedFrame one in found)
        {
            int function = Name(one.Function);
            int file = Name(one.File);
            _symbols.Uleb(function);
            _symbols.Uleb(file);
            _symbols.Uleb(one.Line);
        }
    }

    /// <param name="caller">The stack below; 0 for none.</param>
    /// <param name="frame">Number of the frame on top of it.</param>
    public int Stack(int caller, int frame)
    {
        long key = (long)caller << 32 | (uint)frame;
        if (_stackNumbers.TryGetValue(key, out int number))
            return number;
        _stacks.Sleb((long)caller - _stackNumbers.Count);
        _stacks.Uleb(frame);
        number = _stackNumbers.Count + 1;
        _stackNumbers.Add(key, number);
        _stackFrames.Add(frame);
        return number;
    }

    public int Thread(in RecordedThread thread)
    {
        if (_threadNumbers.TryGetValue(thread, out int number))
            return number;
        int name = Name(thread.Name);
        _threads.Uleb(thread.Tid);
        _threads.Uleb(name);
        number = _threadNumbers.Count;
        _threadNumbers.Add(thread, number);
        _knownThreads.Add(thread);
        return number;
    }

    /// <summary>What a thread is called by now.</summary>
    /// <param name="thread">Its number.</param>
    public void ThreadName(int thread, string name)
    {
        int number = Name(name);
        if (thread < _knownThreads.Count)
            _knownThreads[thread] = _knownThreads[thread] with { Name = name };
        _threadNames.Uleb(thread);
        _threadNames.Uleb(number);
    }

    /// <param name="resident">Bytes that the process has in memory.</param>
    /// <param name="held">Bytes that its recorded allocations hold.</param>
    public void Size(long microseconds, long resident, long held)
    {
        _sizes.Uleb(microseconds);
        _sizes.Uleb(resident);
        _sizes.Uleb(held);
    }

    /// <summary>Events that never came, so that what follows may be wrong by them.</summary>
    public void Lost(long microseconds, long events)
    {
        _losses.Uleb(microseconds);
        _losses.Uleb(events);
    }

    /// <exception cref="IOException">The stream takes no more.</exception>
    public void Flush()
    {
        Put(BlockKind.Names, _names);
        Put(BlockKind.Modules, _modules);
        Put(BlockKind.Frames, _frames);
        Put(BlockKind.Symbols, _symbols);
        Put(BlockKind.Stacks, _stacks);
        Put(BlockKind.Threads, _threads);
        Put(BlockKind.ThreadNames, _threadNames);
        Put(BlockKind.Events, _events);
        Put(BlockKind.Sizes, _sizes);
        Put(BlockKind.Losses, _losses);
        _blocks.Flush();
    }

    /// <summary>Sums instead of events; replaces earlier ones.</summary>
    public void Sums(RecordedSums sums)
    {
        Flush();
        var content = new ByteSink();
        sums.WriteTo(content);
        _blocks.Write(BlockKind.Sums, content.Written);
        _blocks.Flush();
    }

    /// <param name="reason">Why it is over: "detached", "exited".</param>
    public void End(long microseconds, string reason)
    {
        Flush();
        var content = new ByteSink();
        content.Uleb(microseconds);
        content.Text(reason);
        _blocks.Write(BlockKind.End, content.Written);
        _blocks.Flush();
    }

    /// <summary>0 for none.</summary>
    private int Name(string? name)
    {
        if (name is null)
            return 0;
        if (_nameNumbers.TryGetValue(name, out int number))
            return number;
        _names.Text(name);
        number = _nameNumbers.Count + 1;
        _nameNumbers.Add(name, number);
        return number;
    }

    private void Put(BlockKind kind, ByteSink content)
    {
        if (content.IsEmpty)
            return;
        _blocks.WritePacked(kind, content.Written);
        content.Clear();
    }
}
