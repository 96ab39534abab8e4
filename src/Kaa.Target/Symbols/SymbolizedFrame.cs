namespace Kaa.Target.Symbols;

/// <summary>One function at an address of code: the one that was compiled there, or one that was inlined into it.</summary>
/// <param name="Function">Demangled; <c>name@plt</c> for a stub; null where nothing tells.</param>
/// <param name="Module">Path as the target sees it, or <c>[vdso]</c>; null where the address lies in no file.</param>
/// <param name="File">Source file, as the compiler was told it, with its directories; null where not known.</param>
/// <param name="Line">Counted from 1; null where not known, or where the compiler made the code up.</param>
/// <param name="Inlined">The function was inlined into that of the next frame.</param>
/// <param name="OffsetInFunction">From the function's start to the address, in bytes; null for inlined ones, and where no function is known.</param>
public sealed record SymbolizedFrame(string? Function, string? Module, string? File, int? Line, bool Inlined, ulong? OffsetInFunction)
{
    public SymbolSource Source { get; init; }
}

/// <summary>What the name of a function rests on.</summary>
public enum SymbolSource
{
    /// <summary>There is no name.</summary>
    None,

    /// <summary><c>.dynsym</c> as it lies in the target's memory.</summary>
    Memory,

    /// <summary><c>.dynsym</c> of the module's file.</summary>
    DynamicSymbols,

    /// <summary>The symbols in <c>.gnu_debugdata</c>.</summary>
    MiniDebugInfo,

    /// <summary><c>.symtab</c> of the module's file.</summary>
    Symbols,

    /// <summary><c>.symtab</c> of the separate debug file.</summary>
    DebugFileSymbols,

    /// <summary>The DWARF of the module's file, or of its separate debug file.</summary>
    DebugInfo,

    /// <summary>The code of a PLT stub and the relocation that belongs to it.</summary>
    Stub,
}
