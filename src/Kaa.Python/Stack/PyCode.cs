using Kaa.Formats;
using Kaa.Python.Semantics;

namespace Kaa.Python.Stack;

/// <summary>A code object, as far as stacks need it: read once a look, while it can't be freed.</summary>
public sealed class PyCode
{
    private readonly ILineTable _lines;
    private readonly byte[]? _lineTable;
    private readonly Dictionary<int, CodeLocation> _located = [];

    internal PyCode(ILineTable lines, byte[]? lineTable)
    {
        _lines = lines;
        _lineTable = lineTable;
    }

    public required Address Address { get; init; }

    /// <summary><c>co_name</c>; null where it could not be read.</summary>
    public required string? Name { get; init; }

    /// <summary>Of the str; null address where it could not be read.</summary>
    public required Address NameObject { get; init; }

    /// <summary><c>co_qualname</c> (3.11+); else null.</summary>
    public required string? QualifiedName { get; init; }

    /// <summary><c>co_filename</c>; null where it could not be read.</summary>
    public required string? File { get; init; }

    public required int FirstLine { get; init; }

    public required CodeFlags Flags { get; init; }

    public required int StackSize { get; init; }

    /// <summary>Slots for locals, cells and free variables in front of the value stack (3.11+); else 0.</summary>
    public required int LocalsPlusCount { get; init; }

    /// <summary>Address of the first instruction (3.11+); before, of the bytes object that holds them.</summary>
    public required Address Bytecode { get; init; }

    /// <summary>Length of the bytecode in bytes (3.11+); before, 0.</summary>
    public required int Length { get; init; }

    /// <summary>Frames in front of this offset, in bytes, have not begun (3.11+); else 0.</summary>
    public required int FirstTraceable { get; init; }

    /// <summary>The threads' own copies of the bytecode; null address where there are none.</summary>
    public required Address ThreadLocalBytecode { get; init; }

    /// <summary>Why a part of it is unknown; null where all was read.</summary>
    public required string? Unreadable { get; init; }

    /// <summary>What its slots are called, once it was asked for; null before.</summary>
    internal IReadOnlyList<CodeVariable>? Variables { get; set; }

    /// <summary>By which it can be told later whether it is still there; null where it was read for one look only.</summary>
    internal CodeProof? Proof { get; set; }

    /// <summary>The <see cref="CodeReader.Round"/> in which that was done last.</summary>
    internal int ProvedIn { get; set; }

    /// <summary>The place in the source of the instruction at a byte offset.</summary>
    public CodeLocation Locate(int instruction)
    {
        if (_lineTable is null)
            return default;
        if (!_located.TryGetValue(instruction, out CodeLocation location))
        {
            location = _lines.Locate(_lineTable, FirstLine, instruction);
            _located.Add(instruction, location);
        }

        return location;
    }
}

/// <summary><c>co_flags</c>, Include/cpython/code.h.</summary>
[Flags]
public enum CodeFlags
{
    None = 0,
    Optimized = 0x1,
    NewLocals = 0x2,
    VarArgs = 0x4,
    VarKeywords = 0x8,
    Generator = 0x20,
    Coroutine = 0x80,
    AsyncGenerator = 0x200,
}
