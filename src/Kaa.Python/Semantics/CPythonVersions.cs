using Kaa.Python.Layout;

namespace Kaa.Python.Semantics;

/// <summary>
/// Which layout and which meaning belongs to which version of CPython: the one place of this room that compares versions of the
/// interpreter's own structures (those of objects: <see cref="ObjectLayout.For"/>).
/// </summary>
/// <remarks>
/// To add a version:
/// <list type="number">
/// <item>Add a row to <see cref="All"/>, newest first. If nothing changed its meaning, copy the row below it.</item>
/// <item>Read <c>Include/internal/pycore_debug_offsets.h</c>: add its fields to <see cref="DebugOffsetsFields"/> (one list a version).</item>
/// <item>Compare <c>_PyInterpreterFrame</c>, <c>PyCodeObject</c>, <c>PyThreadState</c> and <c>PyRuntimeState</c> with the version before. What the
/// target's own table lacks (<c>frame_obj</c>, <c>_co_firsttraceable</c>, <c>main_thread</c>…) goes into <c>PyLayout.V3NN</c>, showing only what
/// changed.</item>
/// <item>If a meaning changed (line table, instruction pointer, tags of references, <c>f_lineno</c>), write a small class or a new value in
/// <see cref="PySemantics"/>, with a unit test on hand-made memory.</item>
/// <item>Run tests/Kaa.Tests.Unit/Python/Semantics/vectors/generate.py with it, commit what it prints, name it in LineTableTests.</item>
/// <item>Name the version in eng/opcode-tables and run it; add its tables to Bytecode/OpcodeSet.cs and what its new instructions do to
/// Bytecode/StackEffect.cs (the unit tests compare with dis), and look at Bytecode/CallSite.cs if calls are made otherwise.</item>
/// <item>Do the same for <see cref="ObjectLayout"/>, and add an interpreter to eng/pythons: the live tests compare every frame.</item>
/// </list>
/// </remarks>
internal static class CPythonVersions
{
    private static readonly PySemantics s_semantics27 = new()
    {
        LineTable = LineNumberTable.Unsigned,
        Instruction = InstructionForm.ByteOffset,
        TracedLine = TracedLineForm.WhereTraced,
    };

    private static readonly PySemantics s_semantics36 = s_semantics27 with { LineTable = LineNumberTable.Signed };

    private static readonly PySemantics s_semantics310 = new()
    {
        LineTable = LineTable310.Instance,
        Instruction = InstructionForm.UnitOffset,
        TracedLine = TracedLineForm.WhereNotZero,
    };

    private static readonly PySemantics s_semantics311 = new()
    {
        LineTable = LocationTable311.Instance,
        Instruction = InstructionForm.Pointer,
        TracedLine = TracedLineForm.WhereNotZero,
    };

    private static readonly PySemantics s_semantics313 = s_semantics311 with { TracedLine = TracedLineForm.WherePositive };

    // Py_TAG_REFCNT, and Py_INT_TAG beside it; in free-threaded builds Py_TAG_DEFERRED. Objects are aligned to 8 at least.
    private static readonly PySemantics s_semantics314 = s_semantics313 with { StackRefTags = 3 };

    /// <summary>All that are known, newest first.</summary>
    public static readonly IReadOnlyList<CPythonVersion> All =
    [
        new(3, 15, s_semantics314, PyLayout.V315, DebugOffsetsFields.V315),
        new(3, 14, s_semantics314, PyLayout.V314, DebugOffsetsFields.V314),
        new(3, 13, s_semantics313, PyLayout.V313, DebugOffsetsFields.V313),
        new(3, 12, s_semantics311, PyLayout.V312),
        new(3, 11, s_semantics311, PyLayout.V311),
        new(3, 10, s_semantics310, PyLayout.V310),
        new(3, 9, s_semantics36, PyLayout.V39),
        new(3, 8, s_semantics36, PyLayout.V38),
        new(3, 7, s_semantics36, PyLayout.V37),
        new(3, 6, s_semantics36, PyLayout.V36),
        new(2, 7, s_semantics27, PyLayout.V27),
    ];

    /// <summary>Null where the version is not known.</summary>
    public static CPythonVersion? Find(int major, int minor)
    {
        foreach (CPythonVersion version in All)
        {
            if (version.Major == major && version.Minor == minor)
                return version;
        }

        return null;
    }
}

/// <param name="Layout">Its table, for objects whose head has that size.</param>
/// <param name="OffsetsTable">The fields of its own table of offsets (3.13+), one of <see cref="DebugOffsetsFields"/>; else null.</param>
internal sealed record CPythonVersion(int Major, int Minor, PySemantics Semantics, Func<int, PyLayout> Layout, string? OffsetsTable = null)
{
    /// <summary>True where <c>_PyRuntime</c> holds the state (3.7+); before, static variables did.</summary>
    public bool HasRuntime => OffsetsTable is not null || Layout(16).Runtime.interpreters_head != Offset.Absent;

    /// <summary>True where frames are objects (up to 3.10).</summary>
    public bool HasFrameObjects => Layout(16).Frame.previous == Offset.Absent;

    public bool Is(PythonVersion version) => version.Major == Major && version.Minor == Minor;
}
