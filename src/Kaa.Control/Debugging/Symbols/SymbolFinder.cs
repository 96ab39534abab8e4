using System.Text;
using System.Text.RegularExpressions;
using Kaa.Formats;
using Kaa.Formats.Elf;
using Kaa.Formats.ProcText;
using Kaa.Target;

namespace Kaa.Control.Debugging.Symbols;

/// <summary>Names and addresses of all modules, by the symbol tables of files, of debug files, of memory.</summary>
public sealed class SymbolFinder(ObservedTarget target)
{
    /// <summary>
    /// Every definition of a name, in the order in which the modules are mapped; one a module. <c>MODULE!NAME</c> means that module alone: its file's name, with or
    /// without what follows <c>.so</c>.
    /// </summary>
    public IReadOnlyList<SymbolPlace> FindAll(string name)
    {
        int bang = name.IndexOf('!', StringComparison.Ordinal);
        string? only = bang > 0 ? name[..bang] : null;
        string plain = bang > 0 ? name[(bang + 1)..] : name;
        var found = new List<SymbolPlace>();
        foreach (Module module in target.Modules.Modules)
        {
            if ((only is null || IsNamed(module, only)) && FindIn(module, plain) is { } symbol)
                found.Add(symbol);
        }

        return found;
    }

    /// <summary>The one that the program itself means: the first that others can refer to, else the first.</summary>
    public SymbolPlace? Find(string name)
    {
        IReadOnlyList<SymbolPlace> found = FindAll(name);
        foreach (SymbolPlace symbol in found)
        {
            if (symbol.IsDynamic)
                return symbol;
        }

        return found.Count > 0 ? found[0] : null;
    }

    /// <summary>The function or data that an address lies in; null where no symbol tells.</summary>
    public SymbolPlace? At(Address address)
    {
        if (target.Modules.Find(address) is not { } module || target.Images.For(module) is not { Elf: { } elf } image)
            return null;
        ulong link = unchecked(address.Value - elf.Bias);
        foreach ((ElfSymbolTable table, bool isDynamic) in Tables(image))
        {
            if (InTable(module, elf, table, isDynamic, link) is { } symbol)
                return symbol;
        }

        return null;
    }

    /// <summary>As gdb writes it behind an address: <c>read+13</c>, <c>read@plt</c>; null where no symbol tells.</summary>
    public string? Describe(Address address)
    {
        SymbolPlace? symbol = At(address);

        // A label without a size reaches to whatever lies behind it: a stub knows better.
        if (symbol is not { Size: > 0 } && Stub(address) is { } stub)
            return stub;
        return symbol is null ? null : address == symbol.Start ? symbol.Name : symbol.Name + "+" + (address - symbol.Start).ToString(System.Globalization.CultureInfo.InvariantCulture);
    }

    /// <summary>Functions whose names a pattern occurs in, module by module, by name.</summary>
    public IReadOnlyList<SymbolPlace> Functions(Regex pattern, int most)
    {
        var found = new List<SymbolPlace>();
        foreach (Module module in target.Modules.Modules)
        {
            if (target.Images.For(module) is { Elf: { } elf } image)
                Add(found, module, elf, image, pattern, most);
        }

        return found;
    }

    /// <summary>Names of functions that begin so, for Tab.</summary>
    public IReadOnlyList<string> Beginning(string start, int most)
    {
        var names = new SortedSet<string>(StringComparer.Ordinal);
        foreach (SymbolPlace symbol in Functions(new Regex("^" + Regex.Escape(start), RegexOptions.CultureInvariant), most))
            names.Add(symbol.Name);
        return [.. names];
    }

    private static bool IsNamed(Module module, string name)
    {
        string file = module.FileName;
        int so = file.IndexOf(".so", StringComparison.Ordinal);
        return file == name || module.Path == name || (so > 0 && (file[..so] == name || file[..(so + 3)] == name)) || file == name + ".so"
            || (file.StartsWith(name, StringComparison.Ordinal) && file.Length > name.Length && file[name.Length] is '.' or '-' && so > 0);
    }

    private SymbolPlace? FindIn(Module module, string name)
    {
        if (target.Images.For(module) is not { Elf: { } elf } image)
            return null;
        bool isDynamic = true;
        if (Exported(elf, name) is not { } symbol)
        {
            isDynamic = false;
            if (FindIn(image.File?.Symbols, name) is { } local)
                symbol = local;
            else if (FindIn(image.DebugFile?.Symbols, name) is { } debug)
                symbol = debug;
            else
                return null;
        }

        return symbol.HasAddress && !symbol.IsAbsolute ? new SymbolPlace(module, name, elf.AddressOf(symbol), symbol.Size, symbol.Type, isDynamic) : null;
    }

    private static ElfSymbol? Exported(ElfImage elf, string name) => Tried(() => elf.FindSymbol(Encoding.UTF8.GetBytes(name)));

    private static ElfSymbol? FindIn(ElfSymbolTable? table, string name) => table is null ? null : Tried(() => table.Find(name));

    private static T? Tried<T>(Func<T?> read)
        where T : struct
    {
        try
        {
            return read();
        }
        catch (BadData)
        {
            return null;
        }
        catch (TargetFault fault) when (fault.Reason == FaultReason.Unmapped)
        {
            return null;
        }
    }

    private static List<(ElfSymbolTable Table, bool IsDynamic)> Tables(ModuleImage image)
    {
        var tables = new List<(ElfSymbolTable, bool)>();
        try
        {
            if (image.File?.Symbols is { Count: > 0 } symbols)
                tables.Add((symbols, false));
            else if (image.DebugFile?.Symbols is { Count: > 0 } debug)
                tables.Add((debug, false));
            if (image.MiniDebugInfo?.Symbols is { } mini)
                tables.Add((mini, false));
            if ((image.File?.DynamicSymbols ?? image.Elf?.DynamicSymbols) is { } dynamic)
                tables.Add((dynamic, true));
        }
        catch (BadData)
        {
            // What was found so far has to do.
        }
        catch (TargetFault fault) when (fault.Reason == FaultReason.Unmapped)
        {
            // The same.
        }

        return tables;
    }

    private SymbolPlace? InTable(Module module, ElfImage elf, ElfSymbolTable table, bool isDynamic, ulong link)
    {
        try
        {
            if (table.FindByAddress(link) is not { } found)
                return null;
            ElfSymbol symbol = Best(table, found);
            Address start = elf.AddressOf(symbol);

            // A label without a size reaches no further than its own mapping does.
            bool isNear = symbol.Size > 0 || (target.Modules.FindMapping(start) is { } mapping && mapping.Contains(elf.At(link)) && mapping.Can(MappingAccess.Execute));
            string name = Plain(table.NameOf(symbol));
            return isNear && name.Length > 0 ? new SymbolPlace(module, name, start, symbol.Size, symbol.Type, isDynamic) : null;
        }
        catch (BadData)
        {
            return null;
        }
        catch (TargetFault fault) when (fault.Reason == FaultReason.Unmapped)
        {
            return null;
        }
    }

    /// <summary>Of the names that one function has, the one that programs use: without a version, global, with the fewest underscores.</summary>
    private static ElfSymbol Best(ElfSymbolTable table, ElfSymbol found)
    {
        ElfSymbol best = found;
        (int Rank, string Name) least = (int.MaxValue, "");
        foreach (ElfSymbol symbol in table.Between(found.Value, found.Value + 1))
        {
            if (symbol.Size != found.Size || symbol.Type != found.Type)
                continue;
            string name = table.NameOf(symbol);
            int version = name.IndexOf('@', StringComparison.Ordinal);
            int rank = (version > 0 && !name.AsSpan(version).StartsWith("@@") ? 100 : 0) + (symbol.Binding == ElfSymbolBinding.Local ? 50 : 0)
                + (name.Length - name.TrimStart('_').Length);
            if (rank < least.Rank || (rank == least.Rank && string.CompareOrdinal(name, least.Name) < 0))
                (best, least) = (symbol, (rank, name));
        }

        return best;
    }

    /// <summary>Without the version that a symbol table puts behind a name.</summary>
    private static string Plain(string name) => name.IndexOf('@', StringComparison.Ordinal) is > 0 and int version ? name[..version] : name;

    private string? Stub(Address address)
    {
        try
        {
            bool isCode = target.Modules.FindMapping(address) is { } mapping && mapping.Can(MappingAccess.Execute);
            return isCode && target.Modules.Find(address) is { } module && target.Images.For(module).Elf?.FindStub(address) is { } name ? name + "@plt" : null;
        }
        catch (BadData)
        {
            return null;
        }
        catch (TargetFault fault) when (fault.Reason == FaultReason.Unmapped)
        {
            return null;
        }
    }

    private static void Add(List<SymbolPlace> found, Module module, ElfImage elf, ModuleImage image, Regex pattern, int most)
    {
        int first = found.Count;
        var seen = new HashSet<(string, ulong)>();
        foreach ((ElfSymbolTable table, bool isDynamic) in Tables(image))
        {
            try
            {
                table.ForEach((_, symbol) =>
                {
                    if (found.Count - first >= most || !symbol.HasAddress || symbol.Type is not (ElfSymbolType.Function or ElfSymbolType.Indirect))
                        return;
                    string name = table.NameOf(symbol);
                    if (pattern.IsMatch(name) && seen.Add((name, symbol.Value)))
                        found.Add(new SymbolPlace(module, name, elf.AddressOf(symbol), symbol.Size, symbol.Type, isDynamic));
                });
            }
            catch (BadData)
            {
                // The rest of this table is lost.
            }
            catch (TargetFault fault) when (fault.Reason == FaultReason.Unmapped)
            {
                // The same.
            }
        }

        found.Sort(first, found.Count - first, Comparer<SymbolPlace>.Create((left, right) => left.Start.CompareTo(right.Start)));
    }
}
