namespace Kaa.Formats.Dwarf;

// Names and numbers as in DWARF 5, section 7, and <dwarf.h>; only those that are read.

/// <summary>DW_TAG_…</summary>
internal enum DwarfTag : ushort
{
    ArrayType = 0x01,
    ClassType = 0x02,
    EnumerationType = 0x04,
    LexicalBlock = 0x0b,
    Member = 0x0d,
    PointerType = 0x0f,
    CompileUnit = 0x11,
    StructureType = 0x13,
    Typedef = 0x16,
    UnionType = 0x17,
    InlinedSubroutine = 0x1d,
    Module = 0x1e,
    SubrangeType = 0x21,
    BaseType = 0x24,
    CatchBlock = 0x25,
    ConstType = 0x26,
    Subprogram = 0x2e,
    TryBlock = 0x32,
    VolatileType = 0x35,
    RestrictType = 0x37,
    Namespace = 0x39,
    PartialUnit = 0x3c,
    FormalParameter = 0x05,
    Variable = 0x34,
    TypeUnit = 0x41,
    AtomicType = 0x47,
}

/// <summary>DW_AT_…</summary>
internal enum DwarfAttribute : ushort
{
    Sibling = 0x01,
    Name = 0x03,
    ByteSize = 0x0b,
    BitOffset = 0x0c,
    BitSize = 0x0d,
    StmtList = 0x10,
    LowPc = 0x11,
    HighPc = 0x12,
    Language = 0x13,
    CompDir = 0x1b,
    Producer = 0x25,
    UpperBound = 0x2f,
    AbstractOrigin = 0x31,
    Count = 0x37,
    DataMemberLocation = 0x38,
    Declaration = 0x3c,
    Specification = 0x47,
    Type = 0x49,
    Ranges = 0x55,
    CallFile = 0x58,
    CallLine = 0x59,
    Signature = 0x69,
    DataBitOffset = 0x6b,
    LinkageName = 0x6e,
    StrOffsetsBase = 0x72,
    AddrBase = 0x73,
    RnglistsBase = 0x74,

    /// <summary>What DWARF 2 and 3 had for LinkageName.</summary>
    MipsLinkageName = 0x2007,

    /// <summary>GCC's and LLVM's split DWARF before version 5.</summary>
    GnuRangesBase = 0x2132,
    GnuAddrBase = 0x2133,
}

/// <summary>DW_FORM_…</summary>
internal enum DwarfForm : ushort
{
    Addr = 0x01,
    Block2 = 0x03,
    Block4 = 0x04,
    Data2 = 0x05,
    Data4 = 0x06,
    Data8 = 0x07,
    String = 0x08,
    Block = 0x09,
    Block1 = 0x0a,
    Data1 = 0x0b,
    Flag = 0x0c,
    Sdata = 0x0d,
    Strp = 0x0e,
    Udata = 0x0f,
    RefAddr = 0x10,
    Ref1 = 0x11,
    Ref2 = 0x12,
    Ref4 = 0x13,
    Ref8 = 0x14,
    RefUdata = 0x15,
    Indirect = 0x16,
    SecOffset = 0x17,
    Exprloc = 0x18,
    FlagPresent = 0x19,
    Strx = 0x1a,
    Addrx = 0x1b,
    RefSup4 = 0x1c,
    StrpSup = 0x1d,
    Data16 = 0x1e,
    LineStrp = 0x1f,
    RefSig8 = 0x20,
    ImplicitConst = 0x21,
    Loclistx = 0x22,
    Rnglistx = 0x23,
    RefSup8 = 0x24,
    Strx1 = 0x25,
    Strx2 = 0x26,
    Strx3 = 0x27,
    Strx4 = 0x28,
    Addrx1 = 0x29,
    Addrx2 = 0x2a,
    Addrx3 = 0x2b,
    Addrx4 = 0x2c,
    GnuAddrIndex = 0x1f01,
    GnuStrIndex = 0x1f02,
    GnuRefAlt = 0x1f20,
    GnuStrpAlt = 0x1f21,
}

/// <summary>DW_UT_…</summary>
internal enum DwarfUnitType : byte
{
    Compile = 1,
    Type = 2,
    Partial = 3,
    Skeleton = 4,
    SplitCompile = 5,
    SplitType = 6,
}

/// <summary>DW_RLE_…</summary>
internal enum DwarfRangeEntry : byte
{
    EndOfList = 0,
    BaseAddressx = 1,
    StartxEndx = 2,
    StartxLength = 3,
    OffsetPair = 4,
    BaseAddress = 5,
    StartEnd = 6,
    StartLength = 7,
}

/// <summary>DW_LNS_…; extended ones (DW_LNE_…) are behind <see cref="Extended"/>.</summary>
internal enum DwarfLineOpcode : byte
{
    Extended = 0,
    Copy = 1,
    AdvancePc = 2,
    AdvanceLine = 3,
    SetFile = 4,
    SetColumn = 5,
    NegateStmt = 6,
    SetBasicBlock = 7,
    ConstAddPc = 8,
    FixedAdvancePc = 9,
    SetPrologueEnd = 10,
    SetEpilogueBegin = 11,
    SetIsa = 12,
}

/// <summary>DW_LNE_…</summary>
internal enum DwarfLineExtended : byte
{
    EndSequence = 1,
    SetAddress = 2,
    DefineFile = 3,
}

/// <summary>DW_LNCT_…</summary>
internal enum DwarfLineContent : ushort
{
    Path = 1,
    DirectoryIndex = 2,
}
