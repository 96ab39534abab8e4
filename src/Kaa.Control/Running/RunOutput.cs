using System.Globalization;
using System.Text;
using Kaa.Linux.Files;
using Kaa.Python.Running;

namespace Kaa.Control.Running;

/// <summary>Reads the records that the code writes, as they come. They are data of the process: anything may be in them.</summary>
/// <param name="keepsOutput">The texts of what it prints; the others are kept in any case.</param>
internal sealed class RunOutput(SharedFile file, bool keepsOutput)
{
    private const int PieceSize = 64 << 10;
    private const int MostPieces = 64; // or records, at once: there may come more than can be read
    private const long ForgetEvery = 1 << 20;

    private readonly Dictionary<RunRecord, StringBuilder> _texts = [];
    private readonly Dictionary<RunRecord, Decoder> _decoders = [];
    private readonly byte[] _piece = new byte[PieceSize];
    private long _at = file.ReadAt;
    private long _left;
    private long _forgotten = file.ReadAt;
    private RunRecord _kind;

    public bool HasBegun { get; private set; }

    public bool IsDone { get; private set; }

    public bool Has(RunRecord kind) => _texts.ContainsKey(kind);

    public string Text(RunRecord kind) => _texts.TryGetValue(kind, out StringBuilder? text) ? text.ToString() : "";

    /// <summary>Reads some of it; false where there was nothing new.</summary>
    public bool Read(Action<RunRecord, ReadOnlyMemory<byte>> onRecord)
    {
        int pieces = 0;
        while (pieces < MostPieces && !IsDone && (_left > 0 ? ReadData(onRecord) : ReadHead()))
            pieces++;
        if (_at - _forgotten >= ForgetEvery)
            file.Forget(_forgotten = _at);
        return pieces > 0;
    }

    /// <summary>All of it, once nobody writes any more.</summary>
    public void ReadRest(Action<RunRecord, ReadOnlyMemory<byte>> onRecord)
    {
        while (Read(onRecord))
        {
        }
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
        if (!_texts.TryGetValue(_kind, out StringBuilder? text) || (!keepsOutput && _kind is RunRecord.Output or RunRecord.Error))
            return;
        if (!_decoders.TryGetValue(_kind, out Decoder? decoder))
            _decoders.Add(_kind, decoder = Encoding.UTF8.GetDecoder());
        char[] characters = new char[bytes.Length + 2];
        text.Append(characters, 0, decoder.GetChars(bytes, characters, false));
    }
}
