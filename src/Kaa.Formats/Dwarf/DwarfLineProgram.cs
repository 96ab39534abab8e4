namespace Kaa.Formats.Dwarf;

/// <summary>Takes the rows of a line number program.</summary>
internal interface IDwarfLineRows
{
    /// <summary>Addresses do not go down within a sequence.</summary>
    void AddRow(ulong address, ulong file, ulong line);

    /// <summary>The rows since the last end are one piece of code, which ends before an address.</summary>
    void EndSequence(ulong end);
}

/// <summary>Runs a line number program (DWARF 5, 6.2.5).</summary>
internal ref struct DwarfLineProgram(DwarfLineHeader header, IDwarfLineRows rows)
{
    private ulong _address = 0;
    private ulong _operation = 0;
    private ulong _file = 1;
    private ulong _line = 1;
    private bool _isStatement = header.DefaultIsStatement;

    /// <summary>Only rows at which a breakpoint makes sense are told (is_stmt).</summary>
    public bool StatementsOnly { get; init; }

    /// <summary>Files that the program itself defines are added to the header's: the first time only.</summary>
    public bool DefinesFiles { get; init; }

    public void Run(ReadOnlySpan<byte> bytes)
    {
        var reader = new SpanReader(bytes, ".debug_line");
        reader.Seek(header.Program);
        int firstSpecial = header.OperandCounts.Length + 1;
        while (!reader.AtEnd)
        {
            byte opcode = reader.U8();
            if (opcode >= firstSpecial)
                Special(opcode - firstSpecial);
            else if (opcode == 0)
                Extended(ref reader);
            else
                Standard(ref reader, (DwarfLineOpcode)opcode);
        }
    }

    private void Special(int opcode)
    {
        Advance((ulong)(opcode / header.LineRange));
        _line = unchecked(_line + (ulong)(header.LineBase + (opcode % header.LineRange)));
        AddRow();
    }

    private void Advance(ulong operations)
    {
        if (header.MaximumOperations == 1)
        {
            _address = unchecked(_address + (header.MinimumInstructionLength * operations));
            return;
        }

        ulong sum = unchecked(_operation + operations);
        _address = unchecked(_address + (header.MinimumInstructionLength * (sum / header.MaximumOperations)));
        _operation = sum % header.MaximumOperations;
    }

    private readonly void AddRow()
    {
        if (_isStatement || !StatementsOnly)
            rows.AddRow(_address, _file, unchecked((uint)_line));
    }

    private void Standard(ref SpanReader reader, DwarfLineOpcode opcode)
    {
        switch (opcode)
        {
            case DwarfLineOpcode.Copy:
                AddRow();
                break;
            case DwarfLineOpcode.AdvancePc:
                Advance(reader.Uleb());
                break;
            case DwarfLineOpcode.AdvanceLine:
                _line = unchecked(_line + (ulong)reader.Sleb());
                break;
            case DwarfLineOpcode.SetFile:
                _file = reader.Uleb();
                break;
            case DwarfLineOpcode.NegateStmt:
                _isStatement = !_isStatement;
                break;
            case DwarfLineOpcode.ConstAddPc:
                Advance((ulong)((255 - header.OperandCounts.Length - 1) / header.LineRange));
                break;
            case DwarfLineOpcode.FixedAdvancePc:
                _address = unchecked(_address + reader.U16());
                _operation = 0;
                break;
            default:
                // Columns, blocks, prologues; and what a vendor added, whose operands are counted in the header.
                for (int i = header.OperandCounts[(int)opcode - 1]; i > 0; i--)
                    reader.Uleb();
                break;
        }
    }

    private void Extended(ref SpanReader reader)
    {
        ulong length = reader.Uleb();
        if (length == 0)
            return;
        if (length > (ulong)reader.Remaining)
            throw new BadData(".debug_line", reader.Position, $"an opcode of {length} bytes");
        int end = reader.Position + (int)length;
        switch ((DwarfLineExtended)reader.U8())
        {
            case DwarfLineExtended.EndSequence:
                rows.EndSequence(_address);
                (_address, _operation, _file, _line, _isStatement) = (0, 0, 1, 1, header.DefaultIsStatement);
                break;
            case DwarfLineExtended.SetAddress:
                _address = length == 9 ? reader.U64() : length == 5 ? reader.U32() : throw new BadData(".debug_line", end, "an address of another size");
                _operation = 0;
                break;
            case DwarfLineExtended.DefineFile when DefinesFiles:
                header.Define(ref reader);
                break;
        }

        reader.Seek(end);
    }
}
