namespace Kaa.Formats.Dwarf;

/// <summary>Where a member lies in its struct, in each of the ways in which DWARF 2 to 5 say it (DWARF 5, 5.7.6; DWARF 3, 5.6.6).</summary>
internal static class DwarfMemberPlace
{
    /// <summary>DW_OP_plus_uconst: all that compilers write in a member's location expression.</summary>
    private const byte PlusConstant = 0x23;

    /// <summary>Offset in bytes; 0 where it does not say, as in unions.</summary>
    public static long BytesOf(DwarfUnitContent unit, DwarfEntry entry)
    {
        long offset = entry.Location.Kind switch
        {
            DwarfValueKind.Constant => entry.Location.Constant!.Value,
            DwarfValueKind.Block => Evaluate(unit, entry.Location),
            _ => (entry.DataBitOffset ?? 0) / 8,
        };
        return offset is >= 0 and <= Limits.DwarfTypeSize ? offset : throw Bad(unit, "an impossible offset of a member");
    }

    /// <summary>Offset of a bit field in bits, least significant first.</summary>
    public static long BitsOf(DwarfUnitContent unit, DwarfEntry entry, long typeSize)
    {
        long bits = BytesOf(unit, entry) * 8;
        if (entry.DataBitOffset is { } fromStart)
            bits = fromStart;
        else if (entry.BitOffset is { } fromTop and > -1024 and < 1024)
            bits += (Math.Clamp(entry.ByteSize ?? typeSize, 0, 64) * 8) - fromTop - entry.BitSize!.Value;
        return bits is >= 0 and <= Limits.DwarfTypeSize * 8 ? bits : throw Bad(unit, "an impossible offset of a bit field");
    }

    private static long Evaluate(DwarfUnitContent unit, DwarfValue expression)
    {
        SpanReader reader = unit.ReaderAt((int)expression.Number);
        byte operation = reader.U8();
        ulong value = operation == PlusConstant ? reader.Uleb() : throw Bad(unit, $"location operation {operation:x} of a member");
        return value <= long.MaxValue ? (long)value : throw Bad(unit, "an impossible offset of a member");
    }

    private static BadData Bad(DwarfUnitContent unit, string rule) => new(".debug_info", unit.Unit.Offset, rule);
}
