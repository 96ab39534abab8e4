using Kaa.Formats.Elf;

namespace Kaa.Formats.Dwarf;

/// <summary>One place where a function was inlined: it has no call, and no symbol.</summary>
/// <param name="LinkAddress">The first byte of its code; null where it is not told.</param>
/// <param name="Line">Of the call; null where not known.</param>
public readonly record struct DwarfInlinedCopy(ulong? LinkAddress, int? Line);

/// <summary>All places where a function was inlined, by debug information. Reads all of it, once.</summary>
public static class DwarfInlinedCopies
{
    /// <param name="name">As the linker knows it, or plain.</param>
    /// <exception cref="BadData">The debug information breaks the format.</exception>
    public static IReadOnlyList<DwarfInlinedCopy> Find(ElfFile file, ElfFile? alt, string name)
    {
        var dwarf = new DwarfFile(file, alt is null ? null : new DwarfFile(alt, null));
        var copies = new List<DwarfInlinedCopy>();
        var isWanted = new Dictionary<(DwarfFile File, ulong Place), bool>();
        for (int i = 0; dwarf.Info.At(i) is { } unit; i++)
        {
            DwarfUnitContent content = dwarf.Load(unit, false);
            Collect(content, name, isWanted, copies);
        }

        return copies;
    }

    private static void Collect(DwarfUnitContent unit, string name, Dictionary<(DwarfFile File, ulong Place), bool> isWanted, List<DwarfInlinedCopy> copies)
    {
        var places = new DwarfRanges(unit.File, unit.Unit, unit.ReadScope(unit.Unit.FirstEntry));
        SpanReader reader = unit.ReaderAt(unit.Unit.FirstEntry);
        while (!reader.AtEnd)
        {
            ulong code = reader.Uleb();
            if (code == 0)
                continue;
            DwarfAbbreviation abbreviation = unit.Abbreviation(code);
            if (abbreviation.Tag != DwarfTag.InlinedSubroutine)
            {
                unit.Skip(ref reader, abbreviation);
                continue;
            }

            var scope = default(DwarfScope);
            unit.Read(ref reader, abbreviation, ref scope);
            if (IsCopyOf(name, unit, scope, isWanted))
                Keep(copies, places, scope);
        }
    }

    private static bool IsCopyOf(string name, DwarfUnitContent unit, in DwarfScope scope, Dictionary<(DwarfFile File, ulong Place), bool> isWanted)
    {
        if (!scope.AbstractOrigin.Exists || unit.File.Follow(unit, scope.AbstractOrigin) is not { } origin)
            return false;
        (DwarfFile File, ulong Place) key = (origin.Unit.File, origin.Unit.Unit.Offset + (ulong)origin.Position);
        if (!isWanted.TryGetValue(key, out bool wanted))
            isWanted[key] = wanted = DwarfNames.Of(origin.Unit, origin.Unit.ReadScope(origin.Position)).Name == name;
        return wanted;
    }

    private static void Keep(List<DwarfInlinedCopy> copies, DwarfRanges places, in DwarfScope scope)
    {
        if (copies.Count >= Limits.CodeReferences)
            throw new BadData(".debug_info", 0, $"more than {Limits.CodeReferences} inlined copies");
        var ranges = new List<DwarfRange>();
        places.Add(scope, ranges);
        long line = scope.CallLine.Constant ?? 0;
        copies.Add(new DwarfInlinedCopy(ranges.Count > 0 ? ranges[0].Start : null, line is > 0 and <= int.MaxValue ? (int)line : null));
    }
}
