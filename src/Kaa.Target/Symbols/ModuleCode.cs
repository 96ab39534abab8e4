using Kaa.Formats;
using Kaa.Formats.Demangling;
using Kaa.Formats.Dwarf;
using Kaa.Formats.Elf;

namespace Kaa.Target.Symbols;

/// <summary>Functions, files and lines of one module: by its debug information, and by its symbols for what that does not know.</summary>
internal sealed class ModuleCode(string path, ElfImage elf, ModuleImage? image)
{
    private readonly ModuleSymbols _symbols = new(elf, image);
    private DwarfCode? _debugInfo;
    private bool _debugInfoSought;

    /// <summary>What the debug information breaks; null where it breaks nothing, as far as it was read.</summary>
    public BadData? Damage { get; private set; }

    /// <summary>The debug information refers to a supplementary file that is not there.</summary>
    public bool LacksAlt { get; private set; }

    /// <param name="address">What the offsets are counted to.</param>
    /// <param name="lookup">In the instruction that is meant: the address, or the byte before a return address.</param>
    public IReadOnlyList<SymbolizedFrame> Find(Address address, Address lookup)
    {
        ulong link = unchecked(lookup.Value - elf.Bias);
        IReadOnlyList<DwarfCodeFrame> known = ByDebugInfo(link);
        if (known.Count == 0)
            return [BySymbols(address, lookup, null)];
        var frames = new SymbolizedFrame[known.Count];
        for (int i = 0; i < frames.Length - 1; i++)
            frames[i] = Describe(known[i], address);
        DwarfCodeFrame outermost = known[^1];

        // Names without their scope: where C++ and Rust leave the mangled one out, the linker has it.
        bool isEnough = outermost.Name is not null && (outermost.IsMangled || outermost.IsC);
        frames[^1] = isEnough ? Describe(outermost, address) : BySymbols(address, lookup, outermost);
        return frames;
    }

    /// <summary>The function as the symbol tables call it; null where they do not know it.</summary>
    public string? SymbolAt(Address lookup) => _symbols.Find(lookup)?.Name;

    /// <inheritdoc cref="DwarfCode.OrderOf"/>
    public ulong OrderOf(Address lookup) => DebugInfo()?.OrderOf(unchecked(lookup.Value - elf.Bias)) ?? 0;

    private SymbolizedFrame Describe(DwarfCodeFrame frame, Address address)
    {
        string? function = frame is { Name: not null, IsMangled: true } ? Demangler.Demangle(frame.Name) : frame.Name;
        ulong? offset = frame.Start is { } start ? unchecked(address.Value - elf.Bias - start) : null;
        var source = function is null ? SymbolSource.None : SymbolSource.DebugInfo;
        return new SymbolizedFrame(function, path, frame.File, frame.Line, frame.Inlined, offset) { Source = source };
    }

    private SymbolizedFrame BySymbols(Address address, Address lookup, DwarfCodeFrame? known)
    {
        bool isNamed = known?.Name is not null;
        if (_symbols.Find(lookup) is not { } symbol || (isNamed && !IsMangled(symbol.Name)))
            return known is { } frame ? Describe(frame, address) : new SymbolizedFrame(null, path, null, null, false, null);
        ulong? offset = symbol.LinkStart is { } start ? unchecked(address.Value - elf.Bias - start) : null;
        string function = symbol.Source == SymbolSource.Stub
            ? Demangler.Demangle(symbol.Name[..^ModuleSymbols.StubSuffix.Length]) + ModuleSymbols.StubSuffix
            : Demangler.Demangle(symbol.Name);
        return new SymbolizedFrame(function, path, known?.File, known?.Line, false, offset) { Source = symbol.Source };
    }

    private static bool IsMangled(string name) =>
        name.StartsWith("_Z", StringComparison.Ordinal) || name.StartsWith("_R", StringComparison.Ordinal);

    private IReadOnlyList<DwarfCodeFrame> ByDebugInfo(ulong link)
    {
        try
        {
            return DebugInfo()?.Find(link) ?? [];
        }
        catch (BadData bad)
        {
            Damage ??= bad;
            return [];
        }
    }

    private DwarfCode? DebugInfo()
    {
        if (_debugInfoSought)
            return _debugInfo;
        _debugInfoSought = true;
        try
        {
            return _debugInfo = Open();
        }
        catch (BadData bad)
        {
            Damage ??= bad;
            return null;
        }
    }

    private DwarfCode? Open()
    {
        if (image?.DebugInfo is not { } info)
            return null;
        LacksAlt = info.Alt is null && info.File.DebugAltLink is not null;
        return DwarfCode.Open(info.File, info.Alt);
    }
}
