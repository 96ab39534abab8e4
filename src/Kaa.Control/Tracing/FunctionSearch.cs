using Kaa.Formats;
using Kaa.Formats.Elf;
using Kaa.Target;

namespace Kaa.Control.Tracing;

/// <summary>A C function in the target.</summary>
/// <param name="Address">Of its entry; of an IFUNC that of what it resolved to.</param>
/// <param name="End">Behind its last byte; null where that is not known.</param>
public sealed record FoundFunction(string Name, Module Module, Address Address, Address? End)
{
    /// <summary>Other names that the same code has.</summary>
    public List<string> Aliases { get; } = [];
}

/// <summary>
/// Finds functions by name in every symbol table of every module: one name can be defined by several modules, several times in one (static functions, versions),
/// and several names can be one piece of code.
/// </summary>
public sealed class FunctionSearch(ObservedTarget target)
{
    private const uint JumpSlot = 7; // R_X86_64_JUMP_SLOT
    private const uint GlobalData = 6; // R_X86_64_GLOB_DAT
    private const uint IndirectRelative = 37; // R_X86_64_IRELATIVE

    private readonly Dictionary<Address, FoundFunction> _found = [];

    /// <summary>Names of IFUNCs that nobody has called yet, so that it is not known what they resolve to.</summary>
    public List<string> Unresolved { get; } = [];

    /// <summary>In the order of modules and addresses.</summary>
    public IReadOnlyList<FoundFunction> Find(FunctionPattern pattern)
    {
        var all = new List<FoundFunction>();
        foreach (Module module in target.Modules.Modules)
        {
            if (!pattern.MeansModule(module.FileName))
                continue;
            try
            {
                FindIn(module, pattern, all);
            }
            catch (Exception error) when (IsOfMemory(error))
            {
                // It has been unloaded by now, and something else may lie there.
            }
        }

        return all;
    }

    private void FindIn(Module module, FunctionPattern pattern, List<FoundFunction> all)
    {
        ModuleImage image = target.Images.For(module);
        if (image.Elf is not { } elf)
            return;
        foreach (ElfSymbolTable table in Tables(image, elf))
        {
            try
            {
                table.ForEach((_, symbol) =>
                {
                    if (IsFunction(symbol) && table.NameOf(symbol) is { Length: > 0 } name && pattern.Means(name))
                        Add(module, elf, symbol, name, all);
                });
            }
            catch (Exception error) when (IsOfMemory(error))
            {
                // The other tables may be whole.
            }
        }
    }

    private static List<ElfSymbolTable> Tables(ModuleImage image, ElfImage elf)
    {
        var tables = new List<ElfSymbolTable>();
        ReadOnlySpan<ElfFile?> files = [image.File, image.DebugFile, image.MiniDebugInfo];
        foreach (ElfFile? file in files)
        {
            if (file?.Symbols is { } symbols)
                tables.Add(symbols);
        }

        if ((image.File?.DynamicSymbols ?? elf.DynamicSymbols) is { } dynamic)
            tables.Add(dynamic);
        return tables;
    }

    private static bool IsFunction(ElfSymbol symbol) =>
        symbol is { IsDefined: true, IsAbsolute: false, Value: > 0, Type: ElfSymbolType.Function or ElfSymbolType.Indirect };

    private void Add(Module module, ElfImage elf, ElfSymbol symbol, string name, List<FoundFunction> all)
    {
        if (symbol.Type != ElfSymbolType.Indirect)
        {
            Address start = elf.At(symbol.Value);
            Add(module, start, symbol.Size > 0 ? start + (long)symbol.Size : null, name, all);
            return;
        }

        List<Address> resolved = Resolved(elf, symbol, name);
        foreach (Address each in resolved)
            Add(target.Modules.Find(each) ?? module, each, null, name, all);
        if (resolved.Count == 0 && !Unresolved.Contains(name))
            Unresolved.Add(name);
    }

    private void Add(Module module, Address address, Address? end, string name, List<FoundFunction> all)
    {
        if (_found.TryGetValue(address, out FoundFunction? known))
        {
            if (known.Name != name && !known.Aliases.Contains(name))
                known.Aliases.Add(name);
            return;
        }

        var function = new FoundFunction(name, module, address, end);
        _found.Add(address, function);
        all.Add(function);
    }

    /// <summary>
    /// What an IFUNC's resolver chose is not written down anywhere but in the words through which it is called: of whoever imports the name, and of its own module,
    /// which has the resolver's address in the relocation.
    /// </summary>
    private List<Address> Resolved(ElfImage definer, ElfSymbol symbol, string name)
    {
        var addresses = new List<Address>();
        IMemory memory = target.Glance();
        foreach (Module module in target.Modules.Modules)
        {
            try
            {
                if (target.Images.For(module).Elf is { Linkage: { } linkage } elf)
                    AddSlots(elf, linkage, definer, symbol, name, memory, addresses);
            }
            catch (Exception error) when (IsOfMemory(error))
            {
                // Another module may tell.
            }
        }

        return addresses;
    }

    private static void AddSlots(
        ElfImage elf, ElfLinkage linkage, ElfImage definer, ElfSymbol symbol, string name, IMemory memory, List<Address> addresses)
    {
        bool isOwn = ReferenceEquals(elf, definer);
        foreach (ElfRelocation relocation in linkage.Relocations())
        {
            bool isMeant = relocation.Type == IndirectRelative
                ? isOwn && relocation.Addend == unchecked((long)symbol.Value)
                : relocation is { Type: JumpSlot or GlobalData, Symbol: > 0 } && elf.DynamicSymbols.NameOf(elf.DynamicSymbols[relocation.Symbol]) == name;
            if (!isMeant || !memory.TryReadPointer(elf.At(relocation.Offset), out Address chosen) || !definer.Contains(chosen) || chosen == definer.At(symbol.Value))
                continue;
            if (!addresses.Contains(chosen))
                addresses.Add(chosen);
        }
    }

    /// <summary>What is read there is no module's, or nothing is there any more.</summary>
    private static bool IsOfMemory(Exception error) => error is BadData or TargetFault { Reason: FaultReason.Unmapped };
}
