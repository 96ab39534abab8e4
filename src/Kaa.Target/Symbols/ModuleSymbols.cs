using Kaa.Formats;
using Kaa.Formats.Elf;

namespace Kaa.Target.Symbols;

/// <summary>The functions of one module by address, from the best symbol table that it has; see <see cref="SymbolSource"/>.</summary>
internal sealed class ModuleSymbols(ElfImage image, ModuleImage? module)
{
    /// <summary>What the name of a stub ends in.</summary>
    public const string StubSuffix = "@plt";

    /// <param name="LinkStart">Its start without the load bias; null for a stub.</param>
    public readonly record struct Found(string Name, ulong? LinkStart, SymbolSource Source);

    /// <summary>The function that an address lies in; null where nothing tells.</summary>
    public Found? Find(Address address)
    {
        ulong link = unchecked(address.Value - image.Bias);
        Found? label = null;
        foreach ((Func<ElfSymbolTable?> open, SymbolSource source) in Tables())
        {
            if (FindIn(open, link, source, out bool sized) is not { } found)
                continue;
            if (sized)
                return found;
            label ??= found;
        }

        // A label without a size reaches to whatever lies behind it, as far as its section does: a stub knows better.
        return Stub(address) ?? (label is { LinkStart: { } start } && InOneSection(start, link) ? label : null);
    }

    private bool InOneSection(ulong first, ulong second)
    {
        try
        {
            return module?.File is not { Sections.Count: > 0 } file || (SectionAt(file, second) is { } section && section == SectionAt(file, first));
        }
        catch (BadData)
        {
            return true;
        }
    }

    private IEnumerable<(Func<ElfSymbolTable?> Open, SymbolSource Source)> Tables()
    {
        yield return (() => module?.File?.Symbols, SymbolSource.Symbols);
        yield return (() => module?.DebugFile?.Symbols, SymbolSource.DebugFileSymbols);
        yield return (() => module?.MiniDebugInfo?.Symbols, SymbolSource.MiniDebugInfo);
        yield return (() => module?.File?.DynamicSymbols, SymbolSource.DynamicSymbols);
        if (module?.File is null)
            yield return (() => image.DynamicSymbols, SymbolSource.Memory);
    }

    private static Found? FindIn(Func<ElfSymbolTable?> open, ulong link, SymbolSource source, out bool sized)
    {
        sized = false;
        try
        {
            if (open() is not { } table || table.FindFunction(link) is not { } symbol)
                return null;
            sized = symbol.Size != 0;
            string name = table.NameOf(symbol);
            return name.Length > 0 ? new Found(name, symbol.Value, source) : null;
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

    private Found? Stub(Address address)
    {
        try
        {
            bool elsewhere = module?.File is { Sections.Count: > 0 } file && !IsStubSection(SectionAt(file, unchecked(address.Value - image.Bias)));
            return !elsewhere && image.FindStub(address) is { } name ? new Found(name + StubSuffix, null, SymbolSource.Stub) : null;
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

    private static ElfSection? SectionAt(ElfFile file, ulong link)
    {
        foreach (ElfSection section in file.Sections)
        {
            if (section.Flags.HasFlag(ElfSectionFlags.Executable) && link >= section.Address && link - section.Address < section.Size)
                return section;
        }

        return null;
    }

    // .plt, .plt.sec, .plt.got, .iplt.
    private static bool IsStubSection(ElfSection? section) => section?.Name.Contains("plt", StringComparison.Ordinal) == true;
}
