using System.Text;
using Kaa.Formats;
using Kaa.Recording.Format;

namespace Kaa.Recording.Memory;

/// <summary>How large the process was at a moment.</summary>
/// <param name="Resident">Bytes in memory.</param>
/// <param name="Held">Bytes that recorded allocations held.</param>
public readonly record struct ProcessSize(long Microseconds, long Resident, long Held);

/// <summary>
/// Reads a recording, whole or while it is being written, as often as it is asked to. A file that was cut or damaged is read up to there, and
/// <see cref="Damage"/> says so.
/// </summary>
public sealed class RecordingReader
{
    private readonly BlockReader _blocks;
    private readonly List<ProcessSize> _sizes = [];
    private bool _isRead;

    /// <param name="stream">Readable from its start again and again.</param>
    /// <exception cref="BadData">No recording, or one of a version that is not known.</exception>
    /// <exception cref="IOException">It can't be read.</exception>
    public RecordingReader(Stream stream)
    {
        _blocks = new BlockReader(stream);
        if (!_blocks.Next() || _blocks.Kind != BlockKind.Facts)
            throw new BadData("recording", RecordingFormat.HeaderSize, _blocks.Damage ?? "it does not say what was recorded");
        Facts = RecordingFacts.Parse(_blocks.Content);
    }

    /// <summary>Complete once <see cref="Replay"/> has been called: of a program that was launched the interpreter is told later.</summary>
    public RecordingFacts Facts { get; private set; }

    /// <summary>Complete once <see cref="Replay"/> has been called.</summary>
    public RecordingTables Tables { get; } = new();

    public IReadOnlyList<ProcessSize> Sizes => _sizes;

    /// <summary>Events that never came.</summary>
    public long Lost { get; private set; }

    /// <summary>When it ended; null while it is still being written, or where its end is missing.</summary>
    public long? EndMicroseconds { get; private set; }

    public string? EndReason { get; private set; }

    /// <summary>The sums of a recording that was made to stay small: then there are no events.</summary>
    public RecordedSums? Sums { get; private set; }

    /// <summary>Why it can't be read to its end; null where it can.</summary>
    public string? Damage { get; private set; }

    /// <summary>Tells all events in order. The first time it must be all of them: what they refer to is read then.</summary>
    /// <param name="keepOn">Asked between blocks; null for all of it.</param>
    /// <exception cref="IOException">It can't be read.</exception>
    public void Replay(IAllocationSink sink, Func<bool>? keepOn = null)
    {
        if (keepOn is not null && !_isRead)
            throw new InvalidOperationException("a recording is replayed whole at first");
        _blocks.Rewind();
        var events = new EventDecoder();
        Damage = null;
        try
        {
            while (keepOn?.Invoke() != false && _blocks.Next())
                Take(events, sink);
            Damage = _blocks.Damage;
        }
        catch (BadData damage)
        {
            Damage = damage.Rule;
        }

        if (!_isRead)
            Tables.Resolve();
        _isRead = true;
    }

    private void Take(EventDecoder events, IAllocationSink sink)
    {
        if (_blocks.Kind == BlockKind.Events)
        {
            events.Decode(_blocks.Content.Span, sink);
            return;
        }

        if (_isRead)
            return;
        var reader = new SpanReader(_blocks.Content.Span, "recording");
        switch (_blocks.Kind)
        {
            case BlockKind.Facts:
                Facts = RecordingFacts.Parse(_blocks.Content);
                break;
            case BlockKind.Sizes:
                while (!reader.AtEnd)
                    _sizes.Add(new ProcessSize(reader.Whole(), reader.Whole(), reader.Whole()));
                break;
            case BlockKind.Losses:
                while (!reader.AtEnd)
                {
                    reader.Whole();
                    Lost = Math.Max(Lost, unchecked(Lost + reader.Whole()));
                }

                break;
            case BlockKind.Sums:
                Sums = RecordedSums.Read(_blocks.Content.Span);
                break;
            case BlockKind.End:
                EndMicroseconds = reader.Whole();
                EndReason = Encoding.UTF8.GetString(reader.Take(reader.Uleb()));
                break;
            default:
                Tables.Add(_blocks.Kind, _blocks.Content.Span);
                break;
        }
    }
}
