using Kaa.Formats;
using Kaa.Formats.Cores;
using Kaa.Formats.Elf;
using Kaa.Formats.ProcText;

namespace Kaa.Target.Cores;

/// <summary>What was mapped where: ranges by the core's segments, names by NT_FILE. gdb leaves out the segments that it does not dump.</summary>
internal static class CoreMappings
{
    /// <summary>In order of address, apart from each other.</summary>
    /// <param name="named">Names of ranges that are of no file, by an address in them: <c>[stack]</c>, <c>[vdso]</c>.</param>
    public static List<Mapping> Build(DumpedMemory dumped, MappedFiles files, IReadOnlyList<(Address Address, string Name)> named)
    {
        var mappings = new List<Mapping>();
        foreach (DumpedRange range in dumped.Ranges)
            AddRange(range, files, named, mappings);
        foreach (MappedFile file in files.All)
        {
            foreach (CoreFileMapping mapping in file.Mappings)
                AddMissing(file, mapping, dumped, mappings);
        }

        mappings.Sort((left, right) => left.Start.CompareTo(right.Start));
        return mappings;
    }

    private static void AddRange(
        DumpedRange range, MappedFiles files, IReadOnlyList<(Address Address, string Name)> named, List<Mapping> mappings)
    {
        Address start = range.Start;
        while (start < range.End)
        {
            Mapping mapping = files.Find(start) is { } place
                ? OfFile(place.File, place.Mapping, start, Lower(range.End, place.Mapping.End), AccessOf(range.Flags))
                : Anonymous(start, Lower(range.End, files.NextStart(start)), range, named);
            mappings.Add(mapping);
            start = mapping.End;
        }
    }

    /// <summary>Parts of a file's mapping for which the core has no segment.</summary>
    private static void AddMissing(MappedFile file, CoreFileMapping mapping, DumpedMemory dumped, List<Mapping> mappings)
    {
        Address start = mapping.Start;
        foreach (DumpedRange range in RangesIn(dumped, mapping))
        {
            if (range.Start > start)
                mappings.Add(OfFile(file, mapping, start, range.Start, AccessOf(file, start)));
            start = range.End;
        }

        if (start < mapping.End)
            mappings.Add(OfFile(file, mapping, start, mapping.End, AccessOf(file, start)));
    }

    private static IEnumerable<DumpedRange> RangesIn(DumpedMemory dumped, CoreFileMapping mapping)
    {
        IReadOnlyList<DumpedRange> ranges = dumped.Ranges;
        int first = dumped.IndexBehind(mapping.Start);
        if (first > 0 && ranges[first - 1].End > mapping.Start)
            first--;
        for (int i = first; i < ranges.Count && ranges[i].Start < mapping.End; i++)
            yield return ranges[i];
    }

    private static Mapping OfFile(MappedFile file, CoreFileMapping mapping, Address start, Address end, MappingAccess access) =>
        new(start, end, access, unchecked(mapping.Offset + (ulong)(start - mapping.Start)), 0, 0, file.Path, file.Deleted);

    private static Mapping Anonymous(Address start, Address end, DumpedRange range, IReadOnlyList<(Address Address, string Name)> named)
    {
        string name = "";
        foreach ((Address address, string what) in named)
        {
            if (address >= start && address < end)
                name = what;
        }

        return new Mapping(start, end, AccessOf(range.Flags), 0, 0, 0, name, false);
    }

    private static MappingAccess AccessOf(ElfSegmentFlags flags) =>
        (flags.HasFlag(ElfSegmentFlags.Read) ? MappingAccess.Read : 0)
        | (flags.HasFlag(ElfSegmentFlags.Write) ? MappingAccess.Write : 0)
        | (flags.HasFlag(ElfSegmentFlags.Execute) ? MappingAccess.Execute : 0);

    /// <summary>As the program's own headers say it.</summary>
    private static MappingAccess AccessOf(MappedFile file, Address address)
    {
        foreach (ElfSegment segment in file.Segments)
        {
            ulong first = segment.Start.Value & ~0xffful;
            if (address.Value >= first && address < segment.End)
                return AccessOf(segment.Flags);
        }

        return MappingAccess.Read;
    }

    private static Address Lower(Address left, Address right) => left < right ? left : right;
}
