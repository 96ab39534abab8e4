namespace Kaa.Formats.Dwarf;

/// <summary>What of a unit's header decides how its entries are laid out.</summary>
/// <param name="Is64">The 64-bit DWARF format: offsets into sections take 8 bytes. Says nothing of the machine.</param>
internal readonly record struct DwarfEncoding(ushort Version, byte AddressSize, bool Is64)
{
    public int OffsetSize => Is64 ? 8 : 4;

    /// <summary>How many bytes a form takes; −1 where that depends on the value.</summary>
    public int SizeOf(DwarfForm form) => form switch
    {
        DwarfForm.FlagPresent or DwarfForm.ImplicitConst => 0,
        DwarfForm.Data1 or DwarfForm.Flag or DwarfForm.Ref1 or DwarfForm.Strx1 or DwarfForm.Addrx1 => 1,
        DwarfForm.Data2 or DwarfForm.Ref2 or DwarfForm.Strx2 or DwarfForm.Addrx2 => 2,
        DwarfForm.Strx3 or DwarfForm.Addrx3 => 3,
        DwarfForm.Data4 or DwarfForm.Ref4 or DwarfForm.RefSup4 or DwarfForm.Strx4 or DwarfForm.Addrx4 => 4,
        DwarfForm.Data8 or DwarfForm.Ref8 or DwarfForm.RefSup8 or DwarfForm.RefSig8 => 8,
        DwarfForm.Data16 => 16,
        DwarfForm.Addr => AddressSize,

        // DWARF 2 said "the size of an address", DWARF 3 made it that of an offset.
        DwarfForm.RefAddr => Version <= 2 ? AddressSize : OffsetSize,
        DwarfForm.Strp or DwarfForm.LineStrp or DwarfForm.StrpSup or DwarfForm.SecOffset or DwarfForm.GnuRefAlt or DwarfForm.GnuStrpAlt => OffsetSize,
        _ => -1,
    };
}
