namespace Kaa.Formats.Cfi;

/// <summary>Runs the call frame instructions of a CIE and an FDE up to one program counter (DWARF 5, 6.4.2).</summary>
internal sealed class CfiProgram
{
    private readonly FrameEntry _entry;
    private readonly Address _pc;
    private readonly UnwindRow _row = new();
    private readonly Stack<UnwindRow> _remembered = [];
    private readonly UnwindRowVisitor? _visit;
    private UnwindRow? _initial;
    private Address _location;

    private CfiProgram(FrameEntry entry, Address pc, UnwindRowVisitor? visit = null)
    {
        _entry = entry;
        _pc = pc;
        _visit = visit;
        _location = entry.Start;
        _row.ReturnColumn = entry.Common.ReturnColumn;
        _row.SignalFrame = entry.Common.SignalFrame;
        _row.Start = entry.Start;
        _row.End = entry.End;
    }

    public static UnwindRow Run(FrameEntry entry, Address pc)
    {
        var program = new CfiProgram(entry, pc);
        program.Run(entry.Common.Instructions, Address.Null);
        program._initial = program._row.Clone();
        program.Run(entry.Instructions, entry.InstructionsAt);
        return program._row;
    }

    /// <summary>All rows of an entry, in order of address.</summary>
    public static void Visit(FrameEntry entry, UnwindRowVisitor visit)
    {
        var program = new CfiProgram(entry, new Address(ulong.MaxValue), visit);
        program.Run(entry.Common.Instructions, Address.Null);
        program._initial = program._row.Clone();
        program.Run(entry.Instructions, entry.InstructionsAt);
        visit(program._location, program._row);
    }

    private void Run(byte[] instructions, Address at)
    {
        var reader = new SpanReader(instructions, ".eh_frame");
        while (!reader.AtEnd && _location <= _pc)
        {
            byte opcode = reader.U8();
            int operand = opcode & 0x3f;
            switch (opcode >> 6)
            {
                case 1:
                    Advance((ulong)operand);
                    break;
                case 2:
                    SetOffset((ulong)operand, UnwindRuleKind.Offset, Factored(reader.Uleb()));
                    break;
                case 3:
                    Restore((ulong)operand);
                    break;
                default:
                    Extended(operand, ref reader, at);
                    break;
            }
        }
    }

    /// <summary>The opcodes of DWARF 5, table 7.29, whose two high bits are 0: one case each.</summary>
    private void Extended(int opcode, ref SpanReader reader, Address at)
    {
        switch (opcode)
        {
            case 0x00: // nop
                break;
            case 0x01: // set_loc
                GoTo(new Address(EncodedPointer.Read(ref reader, _entry.Common.PointerEncoding, at, Address.Null)));
                break;
            case 0x02: // advance_loc1
                Advance(reader.U8());
                break;
            case 0x03: // advance_loc2
                Advance(reader.U16());
                break;
            case 0x04: // advance_loc4
                Advance(reader.U32());
                break;
            case 0x05: // offset_extended
                SetOffset(reader.Uleb(), UnwindRuleKind.Offset, Factored(reader.Uleb()));
                break;
            case 0x06: // restore_extended
                Restore(reader.Uleb());
                break;
            case 0x07: // undefined
                Set(reader.Uleb(), new UnwindRule(UnwindRuleKind.Undefined, 0));
                break;
            case 0x08: // same_value
                Set(reader.Uleb(), new UnwindRule(UnwindRuleKind.SameValue, 0));
                break;
            case 0x09: // register
                Set(reader.Uleb(), new UnwindRule(UnwindRuleKind.Register, (long)reader.Uleb()));
                break;
            case 0x0a: // remember_state
                if (_remembered.Count >= Limits.RememberedRows)
                    throw new BadData(".eh_frame", reader.Position, "too many remembered rows");
                _remembered.Push(_row.Clone());
                break;
            case 0x0b: // restore_state
                if (!_remembered.TryPop(out UnwindRow? row))
                    throw new BadData(".eh_frame", reader.Position, "no row was remembered");
                _row.TakeFrom(row);
                break;
            case 0x0c: // def_cfa
                DefineCfa(reader.Uleb(), (long)reader.Uleb());
                break;
            case 0x0d: // def_cfa_register
                DefineCfa(reader.Uleb(), _row.CfaOffset);
                break;
            case 0x0e: // def_cfa_offset
                _row.CfaOffset = (long)reader.Uleb();
                break;
            case 0x0f: // def_cfa_expression
                _row.CfaExpression = reader.Take(reader.Uleb()).ToArray();
                break;
            case 0x10: // expression
                Set(reader.Uleb(), Expression(UnwindRuleKind.Expression, ref reader));
                break;
            case 0x11: // offset_extended_sf
                SetOffset(reader.Uleb(), UnwindRuleKind.Offset, Factored(reader.Sleb()));
                break;
            case 0x12: // def_cfa_sf
                DefineCfa(reader.Uleb(), Factored(reader.Sleb()));
                break;
            case 0x13: // def_cfa_offset_sf
                _row.CfaOffset = Factored(reader.Sleb());
                break;
            case 0x14: // val_offset
                SetOffset(reader.Uleb(), UnwindRuleKind.ValueOffset, Factored(reader.Uleb()));
                break;
            case 0x15: // val_offset_sf
                SetOffset(reader.Uleb(), UnwindRuleKind.ValueOffset, Factored(reader.Sleb()));
                break;
            case 0x16: // val_expression
                Set(reader.Uleb(), Expression(UnwindRuleKind.ValueExpression, ref reader));
                break;
            case 0x2e: // GNU_args_size
                reader.Uleb();
                break;
            case 0x2f: // GNU_negative_offset_extended
                SetOffset(reader.Uleb(), UnwindRuleKind.Offset, -Factored(reader.Uleb()));
                break;
            default:
                throw new BadData(".eh_frame", reader.Position, $"call frame instruction {opcode:x2} is unknown");
        }
    }

    private static UnwindRule Expression(UnwindRuleKind kind, ref SpanReader reader) =>
        new(kind, 0, reader.Take(reader.Uleb()).ToArray());

    private long Factored(ulong value) => unchecked((long)value * _entry.Common.DataAlignment);

    private long Factored(long value) => unchecked(value * _entry.Common.DataAlignment);

    private void Advance(ulong delta) => GoTo(_location + unchecked(delta * _entry.Common.CodeAlignment));

    private void GoTo(Address location)
    {
        if (location > _location)
            _visit?.Invoke(_location, _row);
        _location = location;
    }

    private void DefineCfa(ulong register, long offset)
    {
        _row.CfaRegister = register < UnwindRow.Columns ? (int)register : -1;
        _row.CfaOffset = offset;
        _row.CfaExpression = null;
    }

    private void SetOffset(ulong register, UnwindRuleKind kind, long offset) => Set(register, new UnwindRule(kind, offset));

    /// <summary>Registers beyond the return address (vector and segment ones) are not followed.</summary>
    private void Set(ulong register, UnwindRule rule)
    {
        if (register < UnwindRow.Columns)
            _row.Rules[register] = rule;
    }

    private void Restore(ulong register)
    {
        if (register < UnwindRow.Columns)
            _row.Rules[register] = _initial is null ? default : _initial.Rules[register];
    }
}
