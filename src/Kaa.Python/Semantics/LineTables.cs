namespace Kaa.Python.Semantics;

/// <summary>The place in the source that an instruction came from. Lines count from 1, columns are bytes of UTF-8 from 0.</summary>
public readonly record struct CodeLocation(int? Line, int? EndLine = null, int? Column = null, int? EndColumn = null);

/// <summary>How a version writes down which instruction came from which line.</summary>
internal interface ILineTable
{
    /// <summary>The place of the instruction at a byte offset, as <c>PyCode_Addr2Line</c> and <c>co_positions</c> give it.</summary>
    /// <param name="table">The bytes of <c>co_lnotab</c> or <c>co_linetable</c>.</param>
    /// <param name="firstLine"><c>co_firstlineno</c>.</param>
    /// <param name="offset">In bytes from the start of the bytecode; negative for a frame that has not begun.</param>
    CodeLocation Locate(ReadOnlySpan<byte> table, int firstLine, int offset);
}
