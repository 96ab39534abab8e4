using Kaa.Formats;
using Kaa.Formats.Elf;
using Kaa.Target;

namespace Kaa.Control.Debugging.Symbols;

/// <summary>A symbol of one module.</summary>
/// <param name="Name">As the table has it, not demangled.</param>
/// <param name="IsDynamic">Other modules can refer to it: it is in the dynamic symbol table.</param>
public sealed record SymbolPlace(Module Module, string Name, Address Start, ulong Size, ElfSymbolType Type, bool IsDynamic)
{
    public bool IsCode => Type is ElfSymbolType.Function or ElfSymbolType.Indirect;
}
