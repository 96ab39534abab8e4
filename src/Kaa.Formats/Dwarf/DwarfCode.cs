using Kaa.Formats.Elf;

namespace Kaa.Formats.Dwarf;

/// <summary>One function at an address, as debug information tells it.</summary>
/// <param name="Name">Mangled where <paramref name="IsMangled"/>; null where nothing tells.</param>
/// <param name="File">Source file with its directories.</param>
/// <param name="Line">Of the address, or of the call of the frame before; null where not known, or 0.</param>
/// <param name="Start">Link-time start of the range of code that the address is in; null for an inlined call.</param>
public readonly record struct DwarfCodeFrame(string? Name, bool IsMangled, string? File, int? Line, bool Inlined, ulong? Start)
{
    /// <summary>The unit is of C or assembly: its plain names are all that there is.</summary>
    public bool IsC { get; init; }
}

/// <summary>
/// The debug information of one file, asked for functions, inlined calls and lines at an address. Only units that an address leads to are
/// read; a few stay loaded. Not safe for two threads at once.
/// </summary>
public sealed class DwarfCode
{
    private const int KeptUnits = 32;

    private readonly DwarfFile _file;
    private readonly DwarfAddressIndex _index;
    private readonly List<(ulong Unit, DwarfUnitCode Code)> _units = [];

    private DwarfCode(DwarfFile file)
    {
        _file = file;
        _index = new DwarfAddressIndex(file);
    }

    /// <param name="alt">The supplementary file; null where there is none, or it can't be had.</param>
    /// <exception cref="BadData">A section is broken.</exception>
    public static DwarfCode Open(ElfFile file, ElfFile? alt) => new(new DwarfFile(file, alt is null ? null : new DwarfFile(alt, null)));

    /// <summary>The functions at an address, the innermost first; empty where the debug information does not know it.</summary>
    /// <exception cref="BadData">What leads to the answer breaks the format.</exception>
    public IReadOnlyList<DwarfCodeFrame> Find(ulong linkAddress) =>
        _index.Find(linkAddress) is { } unit ? CodeOf(unit).Find(linkAddress) : [];

    /// <summary>
    /// What to order questions by, so that the sections are read from their start to their end: the place of the unit; 0 where an index of the file
    /// does not tell it.
    /// </summary>
    public ulong OrderOf(ulong linkAddress) => _index.ListedAt(linkAddress) ?? 0;

    private DwarfUnitCode CodeOf(DwarfUnit unit)
    {
        for (int i = _units.Count - 1; i >= 0; i--)
        {
            (ulong Unit, DwarfUnitCode Code) each = _units[i];
            if (each.Unit != unit.Offset)
                continue;
            _units.RemoveAt(i);
            _units.Add(each);
            return each.Code;
        }

        var code = new DwarfUnitCode(_file, unit);
        _units.Add((unit.Offset, code));
        int rows = 0;
        foreach ((_, DwarfUnitCode each) in _units)
            rows += each.Rows;
        while (_units.Count > KeptUnits || (rows > Limits.DwarfKeptRows && _units.Count > 1))
        {
            rows -= _units[0].Code.Rows;
            _units.RemoveAt(0);
        }

        return code;
    }
}
