namespace Kaa.Python.Semantics;

/// <summary>What the numbers in a frame and a code object mean, for one version: all that is not a mere offset.</summary>
internal sealed record PySemantics
{
    public required ILineTable LineTable { get; init; }

    public required InstructionForm Instruction { get; init; }

    public required TracedLineForm TracedLine { get; init; }

    /// <summary>
    /// Bits that are set in a reference on a frame beside the object's address (3.14+: Include/internal/pycore_stackref.h, Py_TAG_BITS);
    /// 0 where there are none.
    /// </summary>
    public ulong StackRefTags { get; init; }
}

/// <summary>How a frame says where it is.</summary>
internal enum InstructionForm
{
    /// <summary><c>f_lasti</c>, an offset in bytes (up to 3.9).</summary>
    ByteOffset,

    /// <summary><c>f_lasti</c> in code units of 2 bytes (3.10, bpo-27129).</summary>
    UnitOffset,

    /// <summary>An address in the bytecode: <c>prev_instr</c> (3.11, 3.12), <c>instr_ptr</c> since.</summary>
    Pointer,
}

/// <summary>When <c>f_lineno</c> of a <c>PyFrameObject</c> is reported instead of the line of the instruction (<c>PyFrame_GetLineNumber</c>).</summary>
internal enum TracedLineForm
{
    /// <summary>Where the frame has a trace function (up to 3.9).</summary>
    WhereTraced,

    /// <summary>Where it is not 0; below 0 there is no line (3.10–3.12).</summary>
    WhereNotZero,

    /// <summary>Where it is above 0; −1 asks for the instruction's (3.13+, gh-106031).</summary>
    WherePositive,
}
