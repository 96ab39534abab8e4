namespace Kaa.Formats.Cfi;

/// <summary>
/// Reads CIEs and FDEs of <c>.eh_frame</c> as it lies in memory, or of a <c>.debug_frame</c> section placed at address 0 (DWARF 5, 6.4.1;
/// LSB, "Exception Frames").
/// </summary>
internal sealed class FrameEntryReader(IMemory memory, bool debugFrame, long bias)
{
    private readonly Dictionary<Address, CommonEntry> _commons = [];

    /// <summary>Bytes of one entry: its own start, the id field, and everything up to the next entry.</summary>
    private readonly record struct RawEntry(byte[] Bytes, Address IdAt, Address End, ulong Id);

    /// <summary>Null at the terminator (a length of 0) and for a CIE; <paramref name="next"/> is the entry behind it, or null at the end.</summary>
    public FrameEntry? Read(Address at, out Address? next)
    {
        next = null;
        if (ReadRaw(at) is not { } raw)
            return null;
        next = raw.End;
        return IsCommon(raw.Id) ? null : ReadFrame(raw);
    }

    private bool IsCommon(ulong id) => debugFrame ? id is 0xffffffff or ulong.MaxValue : id == 0;

    private RawEntry? ReadRaw(Address at)
    {
        ulong length = memory.Read<uint>(at);
        Address idAt = at + 4;
        bool wide = length == 0xffffffff;
        if (wide)
        {
            length = memory.Read<ulong>(idAt);
            idAt += 8;
        }

        if (length == 0)
            return null;
        int idSize = wide && debugFrame ? 8 : 4;
        if (length > Limits.FrameEntryBytes || length < (ulong)idSize)
            throw new BadData(".eh_frame", (long)at.Value, $"an entry of {length} bytes");
        byte[] bytes = new byte[length];
        memory.ReadExactly(idAt, bytes);
        ulong id = idSize == 8 ? BitConverter.ToUInt64(bytes) : BitConverter.ToUInt32(bytes);
        return new RawEntry(bytes, idAt, idAt + length, id);
    }

    private FrameEntry ReadFrame(RawEntry raw)
    {
        Address commonAt = debugFrame ? new Address(raw.Id) : raw.IdAt - (long)raw.Id;
        CommonEntry common = ReadCommon(commonAt);
        var reader = new SpanReader(raw.Bytes, ".eh_frame");
        reader.Seek(debugFrame && raw.Id > uint.MaxValue ? 8 : 4);
        ulong start = EncodedPointer.Read(ref reader, common.PointerEncoding, raw.IdAt, Address.Null);
        ulong length = EncodedPointer.ReadValue(ref reader, common.PointerEncoding);
        if (common.HasAugmentationData)
            reader.Take(reader.Uleb());
        Address first = new Address(start) + (debugFrame ? bias : 0);
        return new FrameEntry
        {
            Common = common,
            Start = first,
            End = first + length,
            InstructionsAt = raw.IdAt + reader.Position,
            Instructions = reader.Take(reader.Remaining).ToArray(),
        };
    }

    private CommonEntry ReadCommon(Address at)
    {
        if (_commons.TryGetValue(at, out CommonEntry? known))
            return known;
        if (ReadRaw(at) is not { } raw || !IsCommon(raw.Id))
            throw new BadData(".eh_frame", (long)at.Value, "an FDE's CIE is none");
        CommonEntry common = ParseCommon(raw);
        _commons[at] = common;
        return common;
    }

    private CommonEntry ParseCommon(RawEntry raw)
    {
        var reader = new SpanReader(raw.Bytes, ".eh_frame");
        reader.Seek(debugFrame && raw.Id == ulong.MaxValue ? 8 : 4);
        byte version = reader.U8();
        ReadOnlySpan<byte> augmentation = reader.CString();
        if (version >= 4)
            reader.Take(2);
        ulong codeAlignment = reader.Uleb();
        long dataAlignment = reader.Sleb();
        ulong returnColumn = version == 1 ? reader.U8() : reader.Uleb();
        bool sized = augmentation.Length > 0 && augmentation[0] == 'z';
        ulong augmented = sized ? reader.Uleb() : 0;
        if (augmented > (ulong)reader.Remaining)
            throw new BadData(".eh_frame", (long)raw.IdAt.Value, $"augmentation data of {augmented} bytes");
        int end = reader.Position + (int)augmented;
        (byte encoding, bool signal) = ParseAugmentation(ref reader, augmentation, raw.IdAt);
        reader.Seek(end);
        return new CommonEntry
        {
            CodeAlignment = codeAlignment,
            DataAlignment = dataAlignment,
            ReturnColumn = (int)Math.Min(returnColumn, 1000),
            PointerEncoding = encoding,
            HasAugmentationData = sized,
            SignalFrame = signal,
            Instructions = reader.Take(reader.Remaining).ToArray(),
        };
    }

    private static (byte Encoding, bool Signal) ParseAugmentation(ref SpanReader reader, ReadOnlySpan<byte> augmentation, Address at)
    {
        byte encoding = 0;
        bool signal = false;
        foreach (byte letter in augmentation)
        {
            switch ((char)letter)
            {
                case 'R':
                    encoding = reader.U8();
                    break;
                case 'L':
                    reader.U8();
                    break;
                case 'P':
                    byte personality = reader.U8();
                    EncodedPointer.Read(ref reader, personality, at, Address.Null);
                    break;
                case 'S':
                    signal = true;
                    break;
            }
        }

        return (encoding, signal);
    }
}
