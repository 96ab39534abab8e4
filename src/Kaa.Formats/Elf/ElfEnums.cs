namespace Kaa.Formats.Elf;

// Names and numbers as in the System V gABI and <elf.h>.

/// <summary>e_type.</summary>
public enum ElfType : ushort
{
    None = 0,
    Relocatable = 1,
    Executable = 2,
    SharedObject = 3,
    Core = 4,
}

/// <summary>e_machine; only those that a Linux box may meet are named.</summary>
public enum ElfMachine : ushort
{
    I386 = 3,
    Mips = 8,
    Ppc64 = 21,
    S390 = 22,
    Arm = 40,
    X86_64 = 62,
    AArch64 = 183,
    RiscV = 243,
    LoongArch = 258,
}

/// <summary>p_type.</summary>
public enum ElfSegmentType : uint
{
    Null = 0,
    Load = 1,
    Dynamic = 2,
    Interpreter = 3,
    Note = 4,
    ProgramHeaders = 6,
    ThreadLocal = 7,
    GnuEhFrame = 0x6474e550,
    GnuStack = 0x6474e551,
    GnuRelro = 0x6474e552,
}

/// <summary>p_flags.</summary>
[Flags]
public enum ElfSegmentFlags : uint
{
    None = 0,
    Execute = 1,
    Write = 2,
    Read = 4,
}

/// <summary>sh_type.</summary>
public enum ElfSectionType : uint
{
    Null = 0,
    ProgramBits = 1,
    SymbolTable = 2,
    StringTable = 3,
    Note = 7,
    NoBits = 8,
    DynamicSymbols = 11,
}

/// <summary>sh_flags.</summary>
[Flags]
public enum ElfSectionFlags : ulong
{
    None = 0,
    Write = 1,
    Allocated = 2,
    Executable = 4,
    ThreadLocal = 0x400,
    Compressed = 0x800,
}

/// <summary>The low four bits of st_info.</summary>
public enum ElfSymbolType : byte
{
    None = 0,
    Object = 1,
    Function = 2,
    Section = 3,
    File = 4,
    Common = 5,
    ThreadLocal = 6,

    /// <summary>The value is the address of a function that gives the real one.</summary>
    Indirect = 10,
}

/// <summary>The high four bits of st_info.</summary>
public enum ElfSymbolBinding : byte
{
    Local = 0,
    Global = 1,
    Weak = 2,
    Unique = 10,
}

/// <summary>The low two bits of st_other.</summary>
public enum ElfVisibility : byte
{
    Default = 0,
    Internal = 1,
    Hidden = 2,

    /// <summary>Others see it, but the module's own references always mean its own definition.</summary>
    Protected = 3,
}
