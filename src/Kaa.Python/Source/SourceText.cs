using System.Text;
using Kaa.Formats;

namespace Kaa.Python.Source;

/// <summary>The text of one source file, decoded a line at a time as Python's tokenizer would.</summary>
public sealed class SourceText
{
    private readonly byte[] _bytes;
    private readonly List<int> _starts = [];
    private readonly Encoding _encoding;

    public SourceText(byte[] bytes)
    {
        _bytes = bytes;
        _encoding = SourceEncoding.Of(bytes);
        _starts.Add(SourceEncoding.HasMark(bytes) ? SourceEncoding.MarkLength : 0);
        ReadOnlySpan<byte> rest = bytes;
        int at = _starts[0];
        while (rest[at..].IndexOfAny((byte)'\n', (byte)'\r') is var end and >= 0)
        {
            at += end;
            bool pair = bytes[at] == '\r' && at + 1 < bytes.Length && bytes[at + 1] == '\n';
            at += pair ? 2 : 1;
            _starts.Add(at);
        }
    }

    /// <summary>A line without its end; null where the file has no such line.</summary>
    /// <param name="number">Counted from 1.</param>
    public string? Line(int number)
    {
        if (number < 1 || number > _starts.Count)
            return null;
        int start = _starts[number - 1];
        int end = number < _starts.Count ? _starts[number] : _bytes.Length;
        ReadOnlySpan<byte> bytes = _bytes.AsSpan(start, end - start).TrimEnd("\r\n"u8);
        if (number == _starts.Count && bytes.Length == 0)
            return null;
        string line = _encoding.GetString(bytes[..Math.Min(bytes.Length, Limits.SourceLine * 4)]);
        return line.Length <= Limits.SourceLine ? line : line[..Limits.SourceLine] + "…";
    }
}
