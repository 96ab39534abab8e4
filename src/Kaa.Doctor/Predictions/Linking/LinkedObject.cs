using Kaa.Formats;
using Kaa.Formats.Elf;
using Kaa.Target;

namespace Kaa.Doctor.Predictions.Linking;

/// <summary>A symbol that a program or library gives to others.</summary>
/// <param name="Index">Its number in <c>.dynsym</c>.</param>
/// <param name="Version">Null where it has none.</param>
/// <param name="IsHidden">An old version: only references that name it mean it.</param>
internal sealed record ExportedSymbol(int Index, ElfSymbol Symbol, string? Version, bool IsHidden);

/// <summary>A program or library as a dynamic linker sees it: as it lies in the process, or as a file that would be loaded.</summary>
internal sealed class LinkedObject(string path, ElfImage elf, ElfLinkage linkage)
{
    private Dictionary<string, List<ExportedSymbol>>? _exports;
    private Dictionary<int, string>? _neededByIndex;

    /// <summary>As the process sees it.</summary>
    public string Path { get; } = path;

    public ElfImage Elf { get; } = elf;

    public ElfLinkage Linkage { get; } = linkage;

    /// <summary>Null for a file that is not loaded.</summary>
    public ModuleImage? Image { get; init; }

    /// <summary>It came with the program, so everyone's references may find its symbols; false for what dlopen brought.</summary>
    public bool IsInitial { get; set; }

    public bool IsProgram { get; init; }

    /// <summary>Who needs it; null for the program, and for what is not known.</summary>
    public LinkedObject? Loader { get; init; }

    /// <summary>The names that it has in the list of needed libraries.</summary>
    public bool IsCalled(string needed) =>
        needed == Path || needed == Linkage.SoName || (!needed.Contains('/', StringComparison.Ordinal) && needed == FileName && Linkage.SoName is null);

    public string FileName => Path[(Path.LastIndexOf('/') + 1)..];

    /// <summary>Every version of a name that it exports.</summary>
    public IReadOnlyList<ExportedSymbol> Exports(string name) => AllExports.GetValueOrDefault(name) ?? [];

    public IReadOnlyCollection<string> ExportedNames => AllExports.Keys;

    /// <summary>The definition that a reference means; null where this object has none for it.</summary>
    /// <param name="version">Null for a reference without one.</param>
    public ExportedSymbol? Find(string name, string? version)
    {
        foreach (ExportedSymbol export in Exports(name))
        {
            if (Matches(export, version))
                return export;
        }

        return null;
    }

    // elf/dl-lookup.c, check_match: what has no version satisfies everyone, and a reference without one takes what is not hidden.
    private static bool Matches(ExportedSymbol export, string? version)
    {
        if (version is null)
            return !export.IsHidden;
        return export.Version == version || (export.Version is null && !export.IsHidden);
    }

    private Dictionary<string, List<ExportedSymbol>> AllExports => _exports ??= ReadExports();

    private Dictionary<string, List<ExportedSymbol>> ReadExports()
    {
        var exports = new Dictionary<string, List<ExportedSymbol>>(StringComparer.Ordinal);
        ElfSymbolTable table = Elf.DynamicSymbols;
        var versions = new Dictionary<int, string>();
        foreach (ElfDefinedVersion version in Linkage.DefinedVersions)
        {
            if (!version.IsBase)
                versions.TryAdd(version.Index, version.Version);
        }

        table.ForEach((index, symbol) =>
        {
            // What is only a number (SHN_ABS) names a version.
            bool isExported = symbol is { IsDefined: true, IsAbsolute: false } && symbol.Binding != ElfSymbolBinding.Local
                && symbol.Visibility is ElfVisibility.Default or ElfVisibility.Protected;
            if (!isExported || table.NameOf(symbol) is not { Length: > 0 } name)
                return;
            (int number, bool isHidden) = Linkage.VersionOf(index) ?? (1, false);
            if (!exports.TryGetValue(name, out List<ExportedSymbol>? all))
                exports[name] = all = [];
            all.Add(new ExportedSymbol(index, symbol, versions.GetValueOrDefault(number), isHidden));
        });
        return exports;
    }

    /// <summary>Name and wanted version of a symbol that a relocation of this object names.</summary>
    public (string Name, string? Version) NameOf(int symbol)
    {
        if (_neededByIndex is null)
        {
            _neededByIndex = [];
            foreach (ElfNeededVersion needed in Linkage.NeededVersions)
                _neededByIndex.TryAdd(needed.Index, needed.Version);
        }

        string? version = Linkage.VersionOf(symbol) is { } number ? _neededByIndex.GetValueOrDefault(number.Index) : null;
        return (Elf.DynamicSymbols.NameOf(Elf.DynamicSymbols[symbol]), version);
    }
}
