namespace Kaa.Formats.Dwarf;

internal enum DwarfValueKind : byte
{
    /// <summary>A form that no one here asks for.</summary>
    Other,
    Constant,

    /// <summary>Number is the place in the unit, Length the size in bytes.</summary>
    Block,

    /// <summary>Number is the place in the unit.</summary>
    InlineString,

    /// <summary>An offset in .debug_str.</summary>
    StringOffset,

    /// <summary>An offset in .debug_line_str.</summary>
    LineStringOffset,

    /// <summary>An offset in .debug_str of the supplementary file.</summary>
    AltStringOffset,

    /// <summary>An index in the unit's part of .debug_str_offsets.</summary>
    StringIndex,

    /// <summary>An offset from the unit's start.</summary>
    UnitReference,

    /// <summary>An offset in .debug_info.</summary>
    InfoReference,

    /// <summary>An offset in .debug_info of the supplementary file.</summary>
    AltReference,

    /// <summary>The signature of a type unit.</summary>
    SignatureReference,

    /// <summary>Link-time.</summary>
    Address,

    /// <summary>An index in the unit's part of .debug_addr.</summary>
    AddressIndex,

    /// <summary>An index in the unit's part of .debug_rnglists.</summary>
    RangeListIndex,
}

/// <summary>The value of one attribute.</summary>
internal readonly record struct DwarfValue(DwarfValueKind Kind, ulong Number, int Length = 0)
{
    /// <summary>As a signed number; null where it is no constant.</summary>
    public long? Constant => Kind == DwarfValueKind.Constant ? unchecked((long)Number) : null;

    public bool Exists => Kind != DwarfValueKind.Other;

    /// <exception cref="BadData">The form is unknown, or the unit ends inside the value.</exception>
    public static DwarfValue Read(ref SpanReader reader, DwarfForm form, long implicitConstant, DwarfEncoding encoding)
    {
        switch (form)
        {
            case DwarfForm.Data1 or DwarfForm.Data2 or DwarfForm.Data4 or DwarfForm.Data8:
                return new DwarfValue(DwarfValueKind.Constant, Unsigned(ref reader, encoding.SizeOf(form)));
            case DwarfForm.Udata:
                return new DwarfValue(DwarfValueKind.Constant, reader.Uleb());
            case DwarfForm.Sdata:
                return new DwarfValue(DwarfValueKind.Constant, unchecked((ulong)reader.Sleb()));
            case DwarfForm.ImplicitConst:
                return new DwarfValue(DwarfValueKind.Constant, unchecked((ulong)implicitConstant));
            case DwarfForm.Flag:
                return new DwarfValue(DwarfValueKind.Constant, reader.U8());
            case DwarfForm.FlagPresent:
                return new DwarfValue(DwarfValueKind.Constant, 1);
            case DwarfForm.SecOffset:
                return new DwarfValue(DwarfValueKind.Constant, Unsigned(ref reader, encoding.OffsetSize));
            case DwarfForm.Exprloc or DwarfForm.Block or DwarfForm.Block1 or DwarfForm.Block2 or DwarfForm.Block4:
                return Block(ref reader, form);
            case DwarfForm.String:
                int place = reader.Position;
                reader.CString();
                return new DwarfValue(DwarfValueKind.InlineString, (ulong)place);
            case DwarfForm.Strp:
                return new DwarfValue(DwarfValueKind.StringOffset, Unsigned(ref reader, encoding.OffsetSize));
            case DwarfForm.LineStrp:
                return new DwarfValue(DwarfValueKind.LineStringOffset, Unsigned(ref reader, encoding.OffsetSize));
            case DwarfForm.StrpSup or DwarfForm.GnuStrpAlt:
                return new DwarfValue(DwarfValueKind.AltStringOffset, Unsigned(ref reader, encoding.OffsetSize));
            case DwarfForm.Strx or DwarfForm.GnuStrIndex:
                return new DwarfValue(DwarfValueKind.StringIndex, reader.Uleb());
            case DwarfForm.Strx1 or DwarfForm.Strx2 or DwarfForm.Strx3 or DwarfForm.Strx4:
                return new DwarfValue(DwarfValueKind.StringIndex, Unsigned(ref reader, encoding.SizeOf(form)));
            case DwarfForm.Ref1 or DwarfForm.Ref2 or DwarfForm.Ref4 or DwarfForm.Ref8:
                return new DwarfValue(DwarfValueKind.UnitReference, Unsigned(ref reader, encoding.SizeOf(form)));
            case DwarfForm.RefUdata:
                return new DwarfValue(DwarfValueKind.UnitReference, reader.Uleb());
            case DwarfForm.RefAddr:
                return new DwarfValue(DwarfValueKind.InfoReference, Unsigned(ref reader, encoding.SizeOf(form)));
            case DwarfForm.RefSig8:
                return new DwarfValue(DwarfValueKind.SignatureReference, reader.U64());
            case DwarfForm.Addr:
                return new DwarfValue(DwarfValueKind.Address, Unsigned(ref reader, encoding.AddressSize));
            case DwarfForm.Addrx or DwarfForm.GnuAddrIndex:
                return new DwarfValue(DwarfValueKind.AddressIndex, reader.Uleb());
            case DwarfForm.Addrx1 or DwarfForm.Addrx2 or DwarfForm.Addrx3 or DwarfForm.Addrx4:
                return new DwarfValue(DwarfValueKind.AddressIndex, Unsigned(ref reader, encoding.SizeOf(form)));
            case DwarfForm.Rnglistx:
                return new DwarfValue(DwarfValueKind.RangeListIndex, reader.Uleb());
            case DwarfForm.GnuRefAlt or DwarfForm.RefSup4 or DwarfForm.RefSup8:
                return new DwarfValue(DwarfValueKind.AltReference, Unsigned(ref reader, encoding.SizeOf(form)));
            default:
                Skip(ref reader, form, encoding);
                return default;
        }
    }

    /// <exception cref="BadData">The form is unknown, or the unit ends inside the value.</exception>
    public static void Skip(ref SpanReader reader, DwarfForm form, DwarfEncoding encoding)
    {
        int size = encoding.SizeOf(form);
        if (size >= 0)
        {
            reader.Skip(size);
            return;
        }

        switch (form)
        {
            case DwarfForm.String:
                reader.CString();
                break;
            case DwarfForm.Exprloc or DwarfForm.Block or DwarfForm.Block1 or DwarfForm.Block2 or DwarfForm.Block4:
                Block(ref reader, form);
                break;
            case DwarfForm.Sdata or DwarfForm.Udata or DwarfForm.RefUdata or DwarfForm.Strx or DwarfForm.Addrx
                or DwarfForm.Loclistx or DwarfForm.Rnglistx or DwarfForm.GnuAddrIndex or DwarfForm.GnuStrIndex:
                reader.Uleb();
                break;
            default:
                throw new BadData("DWARF", reader.Position, $"form {(int)form:x} is not known");
        }
    }

    private static DwarfValue Block(ref SpanReader reader, DwarfForm form)
    {
        ulong length = form switch
        {
            DwarfForm.Block1 => reader.U8(),
            DwarfForm.Block2 => reader.U16(),
            DwarfForm.Block4 => reader.U32(),
            _ => reader.Uleb(),
        };
        int place = reader.Position;
        reader.Take(length);
        return new DwarfValue(DwarfValueKind.Block, (ulong)place, (int)length);
    }

    private static ulong Unsigned(ref SpanReader reader, int size) => size switch
    {
        1 => reader.U8(),
        2 => reader.U16(),
        3 => reader.U16() | ((ulong)reader.U8() << 16),
        4 => reader.U32(),
        8 => reader.U64(),
        _ => throw new BadData("DWARF", reader.Position, $"a number of {size} bytes"),
    };
}
