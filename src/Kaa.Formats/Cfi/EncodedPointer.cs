namespace Kaa.Formats.Cfi;

/// <summary>DW_EH_PE_* (Linux Standard Base, "DWARF Exception Header Encoding"): how .eh_frame writes an address.</summary>
internal static class EncodedPointer
{
    public const byte Omit = 0xff;

    private const byte PcRelative = 0x10;
    private const byte DataRelative = 0x30;
    private const byte Indirect = 0x80;

    /// <param name="at">Where the reader's first byte lies in memory.</param>
    /// <param name="dataBase">What data-relative values are relative to: the address of .eh_frame_hdr.</param>
    public static ulong Read(ref SpanReader reader, byte encoding, Address at, Address dataBase)
    {
        Address here = at + reader.Position;
        ulong value = ReadValue(ref reader, (byte)(encoding & 0x0f));
        if (value == 0)
            return 0;
        return (byte)(encoding & 0x70) switch
        {
            0 => value,
            PcRelative => unchecked(value + here.Value),
            DataRelative => unchecked(value + dataBase.Value),
            _ => throw new BadData(".eh_frame", reader.Position, $"pointer encoding {encoding:x2} is not used on x86-64"),
        };
    }

    /// <summary>The number alone, as an FDE's length is written.</summary>
    public static ulong ReadValue(ref SpanReader reader, byte format) => (format & 0x0f) switch
    {
        0x00 or 0x04 or 0x0c => reader.U64(),
        0x01 => reader.Uleb(),
        0x02 => reader.U16(),
        0x03 => reader.U32(),
        0x09 => unchecked((ulong)reader.Sleb()),
        0x0a => unchecked((ulong)(short)reader.U16()),
        0x0b => unchecked((ulong)(int)reader.U32()),
        _ => throw new BadData(".eh_frame", reader.Position, $"pointer format {format:x2} is unknown"),
    };

    public static bool IsIndirect(byte encoding) => encoding != Omit && (encoding & Indirect) != 0;
}
