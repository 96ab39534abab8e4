using System.Runtime.InteropServices;
using Kaa.Formats.Elf;

namespace Kaa.Formats.Dwarf;

/// <summary>The units of one section, found by hopping from header to header, no farther than is asked for.</summary>
internal sealed class DwarfUnitIndex(ElfRange section, bool isTypes)
{
    private readonly List<DwarfUnit> _units = [];
    private ulong _next;

    public ElfRange Section => section;

    /// <summary>The unit of a number, counted from 0; null behind the last.</summary>
    /// <exception cref="BadData">A header makes no sense.</exception>
    public DwarfUnit? At(int index)
    {
        while (_units.Count <= index)
        {
            if (!Advance())
                return null;
        }

        return _units[index];
    }

    /// <summary>The unit that holds an offset of the section; null where there is none.</summary>
    public DwarfUnit? Containing(ulong offset)
    {
        while (_next <= offset)
        {
            if (!Advance())
                break;
        }

        int count = BinarySearch.CountFirst(CollectionsMarshal.AsSpan(_units), offset, static (unit, at) => unit.Offset <= at);
        return count > 0 && offset < _units[count - 1].End ? _units[count - 1] : null;
    }

    /// <summary>The unit whose header lies at an offset that an index of the file names; null where its version is unknown, or there is none.</summary>
    /// <exception cref="BadData">The header makes no sense.</exception>
    public DwarfUnit? BeginningAt(ulong offset) => offset < section.Length ? Read(offset, out _) : null;

    private bool Advance()
    {
        while (_next < section.Length)
        {
            if (_units.Count >= Limits.DwarfUnits)
                throw new BadData(".debug_info", _next, $"more than {Limits.DwarfUnits} units");
            DwarfUnit? unit = Read(_next, out int size);
            _next += (ulong)size;
            if (unit is not { } known)
                continue;
            _units.Add(known);
            return true;
        }

        return false;
    }

    private DwarfUnit? Read(ulong offset, out int size)
    {
        Span<byte> header = stackalloc byte[DwarfUnit.MaxHeader];
        header = header[..(int)Math.Min((ulong)header.Length, section.Length - offset)];
        section.ReadExactly(offset, header);
        return DwarfUnit.Parse(header, offset, section.Length, isTypes, out size);
    }
}
