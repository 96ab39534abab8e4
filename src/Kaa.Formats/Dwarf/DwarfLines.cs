using Kaa.Formats.Elf;

namespace Kaa.Formats.Dwarf;

/// <summary>A place at which code of a source line begins.</summary>
/// <param name="Address">Link-time address.</param>
/// <param name="File">As the debug information has it; relative where it is.</param>
public readonly record struct DwarfLinePlace(ulong Address, string File, int Line);

/// <summary>Source lines → addresses: reads the line number programs that follow one another in <c>.debug_line</c>, those of units that name the file.</summary>
public static class DwarfLines
{
    /// <summary>Where the line's code begins, in each place to which it was compiled; where the line has none, that of the next line that has. Empty where no unit names such a file.</summary>
    /// <param name="file">A name alone, or the end of a path.</param>
    /// <param name="knowsFile">Some unit has such a file.</param>
    /// <exception cref="BadData">A section is broken.</exception>
    public static IReadOnlyList<DwarfLinePlace> Find(ElfFile info, ElfFile? alt, string file, int line, out bool knowsFile)
    {
        var dwarf = new DwarfFile(info, alt is null ? null : new DwarfFile(alt, null));
        ElfRange section = dwarf.Lines;
        var places = new List<DwarfLinePlace>();
        knowsFile = false;
        var measure = new DwarfSectionReader(section, ".debug_line");
        ulong offset = 0;
        while (offset < section.Length)
        {
            measure.Seek(offset);
            int size = DwarfLineHeader.Measure(measure, section.Length);
            knowsFile |= ReadUnit(dwarf, section.ReadBytes(offset, (ulong)size), file, line, places);
            offset += (ulong)size;
        }

        return Nearest(places);
    }

    private static bool ReadUnit(DwarfFile dwarf, byte[] bytes, string file, int line, List<DwarfLinePlace> places)
    {
        const byte AddressSize = 8;
        DwarfLineHeader header = DwarfLineHeader.Parse(bytes, dwarf, AddressSize);
        Dictionary<ulong, string> files = header.Named(file);
        if (files.Count == 0)
            return false;
        new DwarfLineProgram(header, new LineStarts(files, line, places)) { DefinesFiles = true, StatementsOnly = true }.Run(bytes);
        return true;
    }

    /// <summary>The line that was asked for, or the first behind it.</summary>
    private static List<DwarfLinePlace> Nearest(List<DwarfLinePlace> places)
    {
        int least = int.MaxValue;
        foreach (DwarfLinePlace place in places)
            least = Math.Min(least, place.Line);
        return places.FindAll(place => place.Line == least);
    }

    /// <summary>Keeps the first row of each piece of a line that is at least the one that is wanted, of the lines nearest to it.</summary>
    private sealed class LineStarts(Dictionary<ulong, string> files, int wanted, List<DwarfLinePlace> places) : IDwarfLineRows
    {
        private readonly List<DwarfLinePlace> _sequence = [];
        private ulong? _start;
        private (ulong File, ulong Line) _last;
        private ulong _rows;
        private ulong _nearest = int.MaxValue;

        public void AddRow(ulong address, ulong file, ulong line)
        {
            if (++_rows > Limits.DwarfLineRows)
                throw new BadData(".debug_line", 0, $"more than {Limits.DwarfLineRows} rows");
            _start ??= address;
            if ((file, line) != _last && line >= (ulong)wanted && line <= _nearest && files.TryGetValue(file, out string? name))
            {
                _nearest = line;
                _sequence.Add(new DwarfLinePlace(address, name, (int)line));
            }

            _last = (file, line);
        }

        public void EndSequence(ulong end)
        {
            // The linker puts what it leaves out at 0.
            if (_start is > 0)
                places.AddRange(_sequence);
            _sequence.Clear();
            (_start, _last) = (null, default);
        }
    }
}
