using Kaa.Python.Inspection;

namespace Kaa.Control.Debugging.Values;

public enum DataKind
{
    Void,
    Integer,
    Character,
    Float,
    Pointer,
    Struct,

    /// <summary>A function, or data that no debug information was read for.</summary>
    Unknown,

    /// <summary>Several of one type in a row: <c>*p@4</c>.</summary>
    Array,

    /// <summary>A register of flags.</summary>
    Flags,
}

/// <summary>A type of C, as far as a debugger without the program's debug information knows types.</summary>
/// <param name="Size">In bytes; 0 for void, and for structs (whose size Kaa does not know).</param>
/// <param name="Of">What a pointer points to, or an array holds.</param>
/// <param name="Struct">Of CPython's.</param>
public sealed record DataType(string Name, DataKind Kind, int Size, bool Signed = true, DataType? Of = null, PyStruct? Struct = null)
{
    public static readonly DataType Void = new("void", DataKind.Void, 0);
    public static readonly DataType Int = new("int", DataKind.Integer, 4);
    public static readonly DataType Long = new("long", DataKind.Integer, 8);
    public static readonly DataType UnsignedLong = new("unsigned long", DataKind.Integer, 8, Signed: false);
    public static readonly DataType Char = new("char", DataKind.Character, 1);
    public static readonly DataType Code = new("void ()", DataKind.Unknown, 0);
    public static readonly DataType Data = new("data", DataKind.Unknown, 0);
    public static readonly DataType FlagRegister = new("i386_eflags", DataKind.Flags, 4, Signed: false);

    /// <summary>How many there are, of an array.</summary>
    public int Count { get; init; }

    /// <summary>What a function gives back; null where nothing was said of it.</summary>
    public DataType? Returns { get; init; }

    public bool IsNumber => Kind is DataKind.Integer or DataKind.Character or DataKind.Flags;

    public bool IsText => Kind == DataKind.Pointer && Of is { Kind: DataKind.Character };

    /// <summary>An object of Python's: printed as <c>repr()</c> prints it.</summary>
    public bool IsObject => Kind == DataKind.Pointer && Of?.Struct is { } to && to.Fields.Any(one => one.Name == "ob_type");

    public DataType Pointer() => Kind == DataKind.Unknown
        ? new DataType("void (*)()", DataKind.Pointer, 8, Signed: false, this)
        : new DataType(Name + (Kind == DataKind.Pointer ? "*" : " *"), DataKind.Pointer, 8, Signed: false, this);

    /// <summary>What arithmetic on a pointer counts in.</summary>
    public int Step => Of is { Size: > 0 } element ? element.Size : 1;

    public static DataType Integer(int size, bool signed) => (size, signed) switch
    {
        (1, true) => Char,
        (1, false) => new DataType("unsigned char", DataKind.Character, 1, false),
        (2, true) => new DataType("short", DataKind.Integer, 2),
        (2, false) => new DataType("unsigned short", DataKind.Integer, 2, false),
        (4, true) => Int,
        (4, false) => new DataType("unsigned int", DataKind.Integer, 4, false),
        (_, true) => Long,
        _ => UnsignedLong,
    };
}
