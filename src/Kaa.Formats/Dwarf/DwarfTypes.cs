using Kaa.Formats.Elf;

namespace Kaa.Formats.Dwarf;

/// <summary>Answers how structs lie in memory from a program's debug information, DWARF 2 to 5.</summary>
public static class DwarfTypes
{
    /// <summary>
    /// The structs and unions of these tags or typedef names; those that the file does not define in full are not in the answer. Where
    /// several source files define different ones of one name, it is the first. One pass, which ends as soon as all are found.
    /// </summary>
    /// <param name="file">Read while this runs, not later.</param>
    /// <param name="structNames">Tags (<c>_ts</c>) or typedef names (<c>PyThreadState</c>).</param>
    /// <param name="alt">The supplementary file that <see cref="ElfFile.DebugAltLink"/> names; without it what lies there is not found.</param>
    /// <exception cref="BadData">The debug information is broken. None at all is no error: nothing is found.</exception>
    public static IReadOnlyDictionary<string, StructLayout> Find(ElfFile file, IReadOnlyCollection<string> structNames, ElfFile? alt = null)
    {
        var names = new List<string>(new HashSet<string>(structNames, StringComparer.Ordinal));
        var found = new Dictionary<string, StructLayout>(StringComparer.Ordinal);
        if (names.Count == 0)
            return found;
        DwarfFile? altFile = alt is null ? null : new DwarfFile(alt, null);
        var dwarf = new DwarfFile(file, altFile);
        var search = new DwarfTypeSearch(names);
        search.Scan(dwarf);
        if (altFile is not null)
            search.Scan(altFile);

        var builder = new DwarfLayoutBuilder();
        for (int i = 0; i < names.Count; i++)
        {
            if (search.Found[i] is { } place && builder.Build(place) is { } layout)
                found.Add(names[i], layout);
        }

        return found;
    }
}
