using Kaa.Doctor.Predictions.Linking;
using Kaa.Formats;
using Kaa.Formats.Elf;

namespace Kaa.Doctor.Predictions.Interposing;

/// <summary>One definition of a symbol, or of a part or copy of it that the compiler made.</summary>
/// <param name="Name">The symbol's, or that of a clone: <c>f.part.0</c>.</param>
/// <param name="IsDynamic">Of <c>.dynsym</c>: other modules can reach it.</param>
internal sealed record Definition(LinkedObject Object, string Name, Address Address, ElfSymbol Symbol, bool IsDynamic, string? Version)
{
    public string Kind
    {
        get
        {
            string binding = Symbol.Binding.ToString().ToLowerInvariant();
            string visibility = Symbol.Visibility == ElfVisibility.Default ? "" : " " + Symbol.Visibility.ToString().ToLowerInvariant();
            string indirect = Symbol.Type == ElfSymbolType.Indirect ? " IFUNC" : "";
            string version = Version is null ? "" : " version " + Version;
            return (IsDynamic ? ".dynsym " : ".symtab ") + binding + visibility + indirect + version;
        }
    }
}

/// <summary>Finds every definition of a symbol in all that is loaded.</summary>
internal static class Definitions
{
    public static List<Definition> Find(IReadOnlyList<LinkedObject> objects, string name)
    {
        var found = new List<Definition>();
        foreach (LinkedObject each in objects)
        {
            foreach (ExportedSymbol export in each.Exports(name))
            {
                if (export.Symbol.HasAddress)
                    found.Add(new Definition(each, name, each.Elf.AddressOf(export.Symbol), export.Symbol, true, export.Version));
            }

            AddLocal(each, name, found);
        }

        return found;
    }

    /// <summary><c>.symtab</c> of the file or of its debug file: static functions, and clones.</summary>
    private static void AddLocal(LinkedObject each, string name, List<Definition> found)
    {
        try
        {
            ElfSymbolTable? table = each.Image?.File?.Symbols ?? each.Image?.DebugFile?.Symbols ?? each.Image?.MiniDebugInfo?.Symbols;
            table?.ForEach((_, symbol) =>
            {
                if (!symbol.HasAddress || symbol.Type is not (ElfSymbolType.Function or ElfSymbolType.Indirect or ElfSymbolType.None))
                    return;
                string own = table.NameOf(symbol);
                if (!IsIt(own, name))
                    return;
                Address address = each.Elf.AddressOf(symbol);
                if (!found.Exists(known => known.Object == each && known.Address == address))
                    found.Add(new Definition(each, own, address, symbol, false, null));
            });
        }
        catch (BadData)
        {
            // A damaged table tells nothing: .dynsym has been read.
        }
    }

    /// <summary>GCC's clones that are called in place of a function: gcc/ipa-*.cc. <c>.cold</c> is a part that is jumped to, never called.</summary>
    private static bool IsIt(string name, string wanted)
    {
        if (!name.StartsWith(wanted, StringComparison.Ordinal))
            return false;
        ReadOnlySpan<char> rest = name.AsSpan(wanted.Length);
        return rest.Length == 0 || (rest[0] is '.' or '@' && !rest.EndsWith(".cold"));
    }
}
