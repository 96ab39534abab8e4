using System.Globalization;
using System.Text;
using Kaa.Linux.Files;
using Kaa.Python.Running;

namespace Kaa.Control.Running;

/// <summary>Reads the records that the code writes, as they come. They are data of the process: anything may be in them.</summary>
internal sealed class RunOutput(SharedFile file)
{
    private const int PieceSize = 64 << 10;

    private readonly Dictionary<RunRecord, StringBuilder> _texts = [];
    private readonly Dictionary<RunRecord, Decoder> _decoders = [];
    private readonly byte[] _piece = new byte[PieceSize];
    private long _at = file.ReadAt;
    private long _left;
    private RunRecord _kind;

    public bool HasBegun { get; private set; }

    public bool IsDone { get; private set; }

    public bool Has(RunRecord kind) => _texts.ContainsKey(kind);

    public string Text(RunRecord kind) => _texts.TryGetValue(kind, out StringBuilder? text) ? text.ToString() : "";

    /// <summary>False where there was nothing new.</summary>
    public bool Read(Action<RunRecord, ReadOnlyMemory<byte>> onRecord)
    {
        bool hasNews = false;
        while (!IsDone && (_left > 0 ? ReadData(onRecord) : ReadHead()))
            hasNews = true;
        return hasNews;
    }

    private bool ReadHead()
    {
        Span<byte> head = stackalloc byte[RunSource.RecordHead];
        if (file.Read(head, _at) < head.Length)
            return false;
        if (!uint.TryParse(head[1..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint length))
            return false;
        _kind = (RunRecord)head[0];
        _left = length;
        _at += head.Length;
        file.ReadAt = _at;
        HasBegun = true;
        IsDone = _kind == RunRecord.Done;
        if (_kind is not (RunRecord.Begun or RunRecord.Done))
            _texts.TryAdd(_kind, new StringBuilder());
        return true;
    }

    private bool ReadData(Action<RunRecord, ReadOnlyMemory<byte>> onRecord)
    {
        int count = file.Read(_piece.AsSpan(0, (int)Math.Min(_left, PieceSize)), _at);
        if (count <= 0)
            return false;
        _at += count;
        _left -= count;
        file.ReadAt = _at;
        onRecord(_kind, _piece.AsMemory(0, count));
        Append(_piece.AsSpan(0, count));
        return true;
    }

    private void Append(ReadOnlySpan<byte> bytes)
    {
        if (!_texts.TryGetValue(_kind, out StringBuilder? text))
            return;
        if (!_decoders.TryGetValue(_kind, out Decoder? decoder))
            _decoders.Add(_kind, decoder = Encoding.UTF8.GetDecoder());
        char[] characters = new char[bytes.Length + 2];
        text.Append(characters, 0, decoder.GetChars(bytes, characters, false));
    }
}
