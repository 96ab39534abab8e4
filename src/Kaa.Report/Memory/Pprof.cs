using System.IO.Compression;
using Kaa.Recording.Analysis;
using Kaa.Recording.Memory;

namespace Kaa.Report.Memory;

/// <summary>
/// For pprof: github.com/google/pprof, proto/profile.proto, from which the field numbers are. Values are objects and bytes, as Go's heap profiles have
/// them; a sample's labels are its thread and its allocator.
/// </summary>
public sealed class Pprof
{
    private readonly ProtobufWriter _profile = new();
    private readonly ProtobufWriter _message = new();
    private readonly ProtobufWriter _inner = new();
    private readonly Dictionary<string, long> _texts = new(StringComparer.Ordinal);
    private readonly List<string> _textList = [];
    private readonly FrameNumbers _frames = new();
    private readonly MemoryView _view;

    private Pprof(MemoryView view)
    {
        _view = view;
        Text("");
    }

    /// <summary>Compressed with gzip, as pprof's files are.</summary>
    public static void Write(MemoryView view, Stream output)
    {
        using var gzip = new GZipStream(output, CompressionLevel.Optimal, leaveOpen: true);
        gzip.Write(new Pprof(view).Build());
    }

    private ReadOnlySpan<byte> Build()
    {
        WriteType("objects", "count");
        WriteType("space", "bytes");
        foreach (MemoryEntry entry in _view.Entries)
            WriteSample(entry);
        for (int i = 0; i < _frames.All.Count; i++)
            WriteFrame(i, _frames.All[i]);
        RecordingReader recording = _view.Analysis.Recording;
        _profile.Number(9, (long)(recording.Facts.StartedAt * 1e9)); // time_nanos
        _profile.Number(10, (recording.EndMicroseconds ?? 0) * 1000); // duration_nanos
        _profile.Number(14, Text("space")); // default_sample_type
        foreach (string text in _textList)
            _profile.Text(6, text); // string_table
        return _profile.Written;
    }

    private void WriteType(string type, string unit)
    {
        _message.Clear();
        _message.Number(1, Text(type));
        _message.Number(2, Text(unit));
        _profile.Message(1, _message); // sample_type
    }

    private void WriteSample(in MemoryEntry entry)
    {
        int[] frames = _frames.Of(_view.Analysis.Recording.Tables, entry.Site.Stack);
        long[] locations = new long[frames.Length];
        for (int i = 0; i < frames.Length; i++)
            locations[i] = frames[i] + 1;
        _message.Clear();
        _message.Numbers(1, locations); // location_id
        _message.Numbers(2, [(long)Math.Round(entry.Sum.Count), (long)Math.Round(entry.Sum.Bytes)]); // value
        WriteLabel("thread", MemoryNames.Of(_view.Analysis.Recording.Tables.Thread(entry.Site.Thread)));
        WriteLabel("allocator", entry.Site.Allocator.Name());
        _profile.Message(2, _message); // sample
    }

    private void WriteLabel(string key, string value)
    {
        _inner.Clear();
        _inner.Number(1, Text(key));
        _inner.Number(2, Text(value));
        _message.Message(3, _inner); // label
    }

    /// <summary>A location and a function for each place: a line is a part of the place here.</summary>
    private void WriteFrame(int number, in RecordedFrame frame)
    {
        _inner.Clear();
        _inner.Number(1, number + 1); // function_id
        _inner.Number(2, frame.Line);
        _message.Clear();
        _message.Number(1, number + 1); // id
        _message.Message(4, _inner); // line
        _profile.Message(4, _message); // location
        _message.Clear();
        _message.Number(1, number + 1); // id
        _message.Number(2, Text(frame.Function ?? MemoryNames.Place(frame))); // name
        _message.Number(4, Text(frame.File ?? frame.Module ?? "")); // filename
        _profile.Message(5, _message); // function
    }

    private long Text(string text)
    {
        if (_texts.TryGetValue(text, out long number))
            return number;
        number = _textList.Count;
        _texts.Add(text, number);
        _textList.Add(text);
        return number;
    }
}
