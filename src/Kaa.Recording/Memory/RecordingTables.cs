using System.Text;
using Kaa.Formats;
using Kaa.Recording.Format;

namespace Kaa.Recording.Memory;

/// <summary>What a recording's numbers stand for. Whatever a number says that was never told is unknown, not an error: a cut file still reads.</summary>
public sealed class RecordingTables
{
    private const string Format = "recording";
    private const int MostInlined = 1000;
    private const int MostStacks = 20_000_000;

    private readonly List<string> _names = [];
    private readonly List<RecordedFrame> _frames = [];
    private readonly List<(int Caller, int Frame)> _stacks = [];
    private readonly List<RecordedThread> _threads = [];
    private readonly List<string> _modules = []; // path and build-id of each
    private readonly Dictionary<int, RecordedFrame[]> _symbols = []; // of frames that are addresses

    /// <summary>Numbers of stacks are from 1 to this.</summary>
    public int StackCount => _stacks.Count;

    public IReadOnlyList<RecordedThread> Threads => _threads;

    public RecordedThread Thread(int number) => number < _threads.Count ? _threads[number] : new RecordedThread(0, null);

    public RecordedFrame Frame(int number) => number < _frames.Count ? _frames[number] : default;

    /// <summary>The number of a stack's innermost frame, and the stack below it; (0, −1) where there is none.</summary>
    public (int Caller, int Frame) Top(int stack) => stack > 0 && stack <= _stacks.Count ? _stacks[stack - 1] : (0, -1);

    /// <summary>Innermost first.</summary>
    public List<RecordedFrame> Frames(int stack)
    {
        var frames = new List<RecordedFrame>();
        for ((int caller, int frame) = Top(stack); frame >= 0; (caller, frame) = Top(caller))
            frames.Add(Frame(frame));
        return frames;
    }

    /// <summary>False for a block that is none of these.</summary>
    /// <exception cref="BadData">Bytes that no writer makes.</exception>
    internal bool Add(BlockKind kind, ReadOnlySpan<byte> content)
    {
        var reader = new SpanReader(content, Format);
        while (!reader.AtEnd)
        {
            switch (kind)
            {
                case BlockKind.Names:
                    _names.Add(Encoding.UTF8.GetString(reader.Take(reader.Uleb())));
                    break;
                case BlockKind.Frames:
                    AddFrame(ref reader);
                    break;
                case BlockKind.Modules:
                    _modules.Add(Name(reader.Number()) ?? "");
                    _modules.Add(Name(reader.Number()) ?? "");
                    break;
                case BlockKind.Symbols:
                    AddSymbols(ref reader);
                    break;
                case BlockKind.Stacks:
                    AddStack(ref reader);
                    break;
                case BlockKind.Threads:
                    _threads.Add(new RecordedThread(reader.Number(), Name(reader.Number())));
                    break;
                case BlockKind.ThreadNames:
                    Rename(reader.Number(), Name(reader.Number()));
                    break;
                default:
                    return false;
            }
        }

        return true;
    }

    private void Rename(int thread, string? name)
    {
        if (thread < _threads.Count)
            _threads[thread] = _threads[thread] with { Name = name };
    }

    private void AddFrame(ref SpanReader reader)
    {
        var kind = (RecordedFrameKind)reader.U8();
        if (kind == RecordedFrameKind.Address)
        {
            int module = reader.Number();
            long offset = unchecked((long)reader.Uleb());
            _ = reader.U8();
            _frames.Add(new RecordedFrame(RecordedFrameKind.Native, null, null, 0, module < _modules.Count / 2 ? _modules[module * 2] : null, offset));
            return;
        }

        string? function = Name(reader.Number());
        string? file = Name(reader.Number());
        int line = reader.Number();
        _frames.Add(new RecordedFrame(kind, function, file, line, Name(reader.Number())));
    }

    private void AddSymbols(ref SpanReader reader)
    {
        int number = reader.Number();
        int count = reader.Number();
        if (count > MostInlined)
            throw new BadData(Format, reader.Position, $"{count} functions at one address");
        var found = new RecordedFrame[count];
        for (int i = 0; i < count; i++)
            found[i] = new RecordedFrame(RecordedFrameKind.Native, Name(reader.Number()), Name(reader.Number()), reader.Number(), Frame(number).Module);
        if (count > 0 && number < _frames.Count)
            _symbols[number] = found;
    }

    /// <summary>Once all is read: puts in the place of each address what was found there. Functions that were inlined become stacks of their own on top of those that they were inlined into.</summary>
    internal void Resolve()
    {
        var numbers = new Dictionary<int, int[]>();
        foreach ((int frame, RecordedFrame[] found) in _symbols)
        {
            int[] its = new int[found.Length];
            _frames[frame] = found[0].Function is null ? found[0] with { Offset = _frames[frame].Offset } : found[0];
            its[0] = frame;
            for (int i = 1; i < its.Length; i++)
            {
                its[i] = _frames.Count;
                _frames.Add(found[i]);
            }

            if (its.Length > 1)
                numbers.Add(frame, its);
        }

        _symbols.Clear();
        for (int i = _stacks.Count - 1; numbers.Count > 0 && i >= 0 && _stacks.Count < MostStacks; i--)
        {
            (int caller, int frame) = _stacks[i];
            if (!numbers.TryGetValue(frame, out int[]? its))
                continue;
            for (int outer = its.Length - 1; outer > 0; outer--)
            {
                _stacks.Add((caller, its[outer]));
                caller = _stacks.Count;
            }

            _stacks[i] = (caller, frame);
        }
    }

    /// <summary>A caller is always older than who is called, so that there are no rings.</summary>
    private void AddStack(ref SpanReader reader)
    {
        long caller = _stacks.Count + reader.Sleb();
        int frame = reader.Number();
        if (caller < 0 || caller > _stacks.Count)
            throw new BadData(Format, reader.Position, $"{caller} is no stack below this one");
        _stacks.Add(((int)caller, frame));
    }

    private string? Name(int number) => number > 0 && number <= _names.Count ? _names[number - 1] : null;
}
