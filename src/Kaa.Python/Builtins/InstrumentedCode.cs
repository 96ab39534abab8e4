using Kaa.Formats;
using Kaa.Python.Bytecode;
using Kaa.Python.Layout;
using Kaa.Python.Objects;
using Kaa.Python.Stack;

namespace Kaa.Python.Builtins;

/// <summary>
/// Code that a debugger, a profiler or a coverage tool watches (3.12+, PEP 669): INSTRUMENTED_LINE and INSTRUMENTED_INSTRUCTION stand where
/// other instructions were, and those are in tables beside the code: <c>_PyCoMonitoringData</c>, Include/cpython/code.h, since 3.14
/// Include/internal/pycore_instruments.h; <c>_Py_GetBaseCodeUnit</c>, Python/instrumentation.c.
/// </summary>
internal sealed class InstrumentedCode(PyObjects objects, CodeLayout layout, OpcodeSet set)
{
    private const int CodeUnit = 2;

    /// <summary>An opcode and a number of at most four bytes.</summary>
    private const int MostBytesOfLine = 8;

    /// <summary>From <c>lines</c> to <c>per_instruction_opcodes</c>; <c>line_tools</c> lies between.</summary>
    private const int LinesToInstructions = 16;

    /// <summary>Of <c>lines</c>, behind the monitors, of which there are more with each version.</summary>
    private readonly int _lines = set.Release switch { 312 => 40, 313 => 32, 314 => 96, _ => 104 };

    public static bool Hides(Op op) => op is Op.INSTRUMENTED_LINE or Op.INSTRUMENTED_INSTRUCTION;

    /// <summary>Puts the instructions back that were there.</summary>
    /// <exception cref="TargetFault">They can't be read.</exception>
    public void Restore(PyCode code, byte[] bytes)
    {
        if (layout._co_monitoring == Offset.Absent)
            return;
        Tables? tables = null;
        for (int offset = 0; offset + 1 < bytes.Length;)
        {
            Op op = set.Decode(bytes[offset]);
            if (Hides(op))
            {
                tables ??= ReadTables(code, bytes.Length / CodeUnit);
                if (op == Op.INSTRUMENTED_LINE)
                    bytes[offset] = tables.Lines[(offset / CodeUnit * tables.LineSize) + tables.FirstLine];
                if (set.Decode(bytes[offset]) == Op.INSTRUMENTED_INSTRUCTION)
                    bytes[offset] = tables.Instructions[offset / CodeUnit];
                op = set.Decode(bytes[offset]);
            }

            offset += CodeUnit + (set.CacheOf(op) * CodeUnit);
        }
    }

    private Tables ReadTables(PyCode code, int units)
    {
        Address monitoring = objects.PointerAt(code.Address, layout._co_monitoring);
        Address lines = objects.PointerAt(monitoring, _lines);
        Address instructions = objects.PointerAt(monitoring, _lines + LinesToInstructions);

        // Up to 3.13.2 two bytes for each code unit, since then as many as the table's first byte says (gh-127953).
        bool hasSize = set.Release > 313 || (set.Release == 313 && objects.Layout.Version.Micro >= 3);
        int lineSize = hasSize && !lines.IsNull ? objects.Memory.Read<byte>(lines) : 2;
        if (lineSize is < 1 or > MostBytesOfLine)
            throw TargetFault.Nonsense(lines, "table of lines of unlikely size");
        int first = hasSize ? 1 : 0;

        // Where a table is missing nothing refers to it; if something does, it is an instruction that there is not.
        return new Tables(
            lines.IsNull ? Missing(first + (lineSize * units)) : objects.ReadRaw(lines, first + ((long)lineSize * units), Limits.Bytecode * MostBytesOfLine),
            first,
            lineSize,
            instructions.IsNull ? Missing(units) : objects.ReadRaw(instructions, units, Limits.Bytecode));
    }

    private static byte[] Missing(int length)
    {
        byte[] table = new byte[length];
        Array.Fill(table, byte.MaxValue);
        return table;
    }

    private sealed record Tables(byte[] Lines, int FirstLine, int LineSize, byte[] Instructions);
}
