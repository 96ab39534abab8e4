namespace Kaa.Formats.Demangling;

internal enum CxxKind : byte
{
    /// <summary>Text as it is.</summary>
    Name,

    /// <summary>First::Second.</summary>
    Nested,

    /// <summary>First (a function) ::Second.</summary>
    Local,

    /// <summary>First&lt;List&gt;.</summary>
    Template,

    /// <summary>A pack of template arguments: List.</summary>
    Pack,

    /// <summary>First, once for each element of the packs in it.</summary>
    PackExpansion,

    /// <summary>The template parameter Number of the function around it.</summary>
    Parameter,

    /// <summary>First[abi:Text].</summary>
    AbiTag,

    /// <summary>~First.</summary>
    Destructor,

    /// <summary>operator First.</summary>
    Conversion,

    /// <summary>{lambda(List)#Number}.</summary>
    Lambda,

    /// <summary>[a, b].</summary>
    Binding,

    /// <summary>TextFirst.</summary>
    Special,

    /// <summary>First-in-Second.</summary>
    ConstructionTable,

    /// <summary>First (the type that it returns, may be null), Second (its name), List, Qualifiers, Arguments.</summary>
    Encoding,

    // Types.
    Builtin,
    Qualified,
    VendorQualified,
    Pointer,
    LeftReference,
    RightReference,
    MemberPointer,
    Array,
    Function,
    Vector,

    /// <summary>First (Text), and the like: an expression in a frame of its own.</summary>
    Decltype,

    // Expressions.
    Literal,
    Binary,
    Prefix,
    Postfix,
    Call,
    Cast,
    NamedCast,
    Conditional,
    Member,
    Subscript,
    New,
    Delete,
    SizeOfPack,
    Fold,
    Braces,
    FunctionParameter,
}

[Flags]
internal enum CxxQualifiers : byte
{
    None = 0,
    Const = 1,
    Volatile = 2,
    Restrict = 4,
    LeftReference = 8,
    RightReference = 16,
    TransactionSafe = 32,
    NoExcept = 64,
}

/// <summary>A part of a C++ name; what its fields mean is told by <see cref="CxxKind"/>. Parts are shared, and never changed.</summary>
internal sealed class CxxNode(CxxKind kind)
{
    public static readonly CxxNode[] NoNodes = [];

    public CxxKind Kind { get; } = kind;

    public string Text { get; init; } = "";

    public CxxNode? First { get; init; }

    public CxxNode? Second { get; init; }

    public CxxNode? Third { get; init; }

    public IReadOnlyList<CxxNode> List { get; init; } = NoNodes;

    /// <summary>What the template parameters inside stand for.</summary>
    public IReadOnlyList<CxxNode> Arguments { get; init; } = NoNodes;

    public int Number { get; init; }

    public CxxQualifiers Qualifiers { get; init; }

    public static CxxNode Name(string text) => new(CxxKind.Name) { Text = text };
}
