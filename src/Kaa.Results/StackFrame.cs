namespace Kaa.Results;

/// <summary>One entry of a stack: Python code, a builtin that Python code is in, or C code.</summary>
public abstract record StackFrame(string? Function);

/// <summary>A frame of Python code. Lines and columns are what the interpreter itself would report.</summary>
/// <param name="Function"><c>co_name</c>; null where it could not be read.</param>
public sealed record PythonFrame(string? Function) : StackFrame(Function)
{
    public string? QualifiedName { get; init; }

    /// <summary><c>co_filename</c>.</summary>
    public string? File { get; init; }

    public int? Line { get; init; }

    public int? EndLine { get; init; }

    /// <summary>In bytes of UTF-8 from the line's start, counted from 0, as <c>co_positions()</c> counts; 3.11 and later, else null.</summary>
    public int? Column { get; init; }

    public int? EndColumn { get; init; }

    /// <summary>The text of <see cref="Line"/>, without indentation or line end; null where it was not asked for or not found.</summary>
    public string? Source { get; init; }

    /// <summary>How much indentation <see cref="Source"/> lost, in bytes of UTF-8, so that the columns can be found in it.</summary>
    public int SourceIndent { get; init; }

    /// <summary>Lines around <see cref="Line"/>, as they stand in the file, when more than one was asked for.</summary>
    public IReadOnlyList<SourceLine> Context { get; init; } = [];

    /// <summary>Null where locals were not asked for.</summary>
    public IReadOnlyList<LocalVariable>? Locals { get; init; }

    /// <summary>Why a part of this frame is unknown; null where all of it was read.</summary>
    public string? Unreadable { get; init; }
}

/// <summary>A C function that the Python frame under it is in.</summary>
/// <param name="Function">Its name alone: <c>acquire</c>; a class that is called has its own.</param>
/// <param name="Module">Of the function, or of the type that it is a method of; null where it has none.</param>
public sealed record BuiltinFrame(string? Function, string? Module) : StackFrame(Function)
{
    /// <summary>With the type that it is a method of: <c>lock.acquire</c>.</summary>
    public string? QualifiedName { get; init; }
}

/// <summary>A frame of C code.</summary>
public sealed record NativeFrame(string? Function, string? Module, ulong Address) : StackFrame(Function)
{
    public string? File { get; init; }

    public int? Line { get; init; }

    /// <summary>True for a call that the compiler inlined into the frame under it.</summary>
    public bool Inlined { get; init; }
}

public sealed record SourceLine(int Number, string Text);

public enum VariableScope
{
    Argument,
    Local,
    Cell,
    Free,
}

/// <summary>A local variable's name and its value's text.</summary>
public sealed record LocalVariable
{
    public required string Name { get; init; }

    public required VariableScope Scope { get; init; }

    public bool Argument { get; init; }

    public string? Type { get; init; }

    /// <summary>Null where it could not be read: <see cref="Unreadable"/> says why.</summary>
    public string? Value { get; init; }

    /// <summary>True length (characters of the value's text) where <see cref="Value"/> was cut; else null.</summary>
    public long? Length { get; init; }

    public string? Unreadable { get; init; }
}
