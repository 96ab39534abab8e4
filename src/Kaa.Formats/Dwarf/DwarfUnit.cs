namespace Kaa.Formats.Dwarf;

/// <summary>The header of one unit of .debug_info or .debug_types.</summary>
/// <param name="Offset">Where it begins in its section.</param>
/// <param name="Size">With its header.</param>
/// <param name="FirstEntry">Offset from <paramref name="Offset"/>.</param>
/// <param name="Signature">Of a type unit, else 0.</param>
/// <param name="TypeOffset">The type entry of a type unit, from <paramref name="Offset"/>; else 0.</param>
internal readonly record struct DwarfUnit(
    ulong Offset, int Size, int FirstEntry, DwarfEncoding Encoding, ulong AbbreviationOffset, ulong Signature, ulong TypeOffset)
{
    /// <summary>The longest header: 64-bit DWARF 5 with signature and type offset.</summary>
    public const int MaxHeader = 40;

    public ulong End => Offset + (ulong)Size;

    /// <summary>Reads the header that begins at <paramref name="offset"/>; null where the version is unknown: the unit is to be passed over then.</summary>
    /// <param name="bytes">As much of the section from there on as there is, at most <see cref="MaxHeader"/>.</param>
    /// <param name="inTypes">The section is .debug_types of DWARF 4.</param>
    /// <param name="size">Of the unit with its header.</param>
    /// <exception cref="BadData">The length makes no sense: what follows can't be found.</exception>
    public static DwarfUnit? Parse(ReadOnlySpan<byte> bytes, ulong offset, ulong sectionLength, bool inTypes, out int size)
    {
        var reader = new SpanReader(bytes, ".debug_info");
        ulong length = reader.U32();
        bool is64 = length == 0xffffffff;
        if (is64)
            length = reader.U64();
        int lengthSize = reader.Position;
        if (length > Limits.DwarfUnit || length > sectionLength - offset - (ulong)lengthSize || (!is64 && length >= 0xfffffff0))
            throw new BadData(".debug_info", offset, $"a unit of {length} bytes");
        size = (int)length + lengthSize;

        ushort version = reader.U16();
        if (version is < 2 or > 5)
            return null;
        return version == 5
            ? ParseVersion5(ref reader, offset, size, is64)
            : ParseOld(ref reader, offset, size, new DwarfEncoding(version, 0, is64), inTypes);
    }

    private static DwarfUnit ParseOld(ref SpanReader reader, ulong offset, int size, DwarfEncoding encoding, bool inTypes)
    {
        ulong abbreviations = ReadOffset(ref reader, encoding.Is64);
        encoding = encoding with { AddressSize = reader.U8() };
        ulong signature = inTypes ? reader.U64() : 0;
        ulong typeOffset = inTypes ? ReadOffset(ref reader, encoding.Is64) : 0;
        return new DwarfUnit(offset, size, reader.Position, encoding, abbreviations, signature, typeOffset);
    }

    private static DwarfUnit ParseVersion5(ref SpanReader reader, ulong offset, int size, bool is64)
    {
        var type = (DwarfUnitType)reader.U8();
        var encoding = new DwarfEncoding(5, reader.U8(), is64);
        ulong abbreviations = ReadOffset(ref reader, is64);
        bool isType = type is DwarfUnitType.Type or DwarfUnitType.SplitType;
        bool hasId = isType || type is DwarfUnitType.Skeleton or DwarfUnitType.SplitCompile;
        ulong id = hasId ? reader.U64() : 0;
        ulong typeOffset = isType ? ReadOffset(ref reader, is64) : 0;
        return new DwarfUnit(offset, size, reader.Position, encoding, abbreviations, isType ? id : 0, typeOffset);
    }

    private static ulong ReadOffset(ref SpanReader reader, bool is64) => is64 ? reader.U64() : reader.U32();
}
