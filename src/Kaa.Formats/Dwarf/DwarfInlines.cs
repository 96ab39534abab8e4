namespace Kaa.Formats.Dwarf;

/// <summary>The calls that were inlined at one address of a function.</summary>
internal static class DwarfInlines
{
    /// <summary>The inlined calls that an address lies in, the outermost first.</summary>
    /// <param name="function">Place of the function's entry.</param>
    /// <exception cref="BadData">The unit breaks the format.</exception>
    public static List<DwarfScope> Find(DwarfUnitContent unit, DwarfRanges places, int function, ulong linkAddress)
    {
        var chain = new List<DwarfScope>();
        var ranges = new List<DwarfRange>();
        SpanReader reader = unit.ReaderAt(function);
        DwarfAbbreviation abbreviation = unit.Abbreviation(reader.Uleb());
        unit.Skip(ref reader, abbreviation);
        bool inside = abbreviation.HasChildren;

        // One list of siblings after the other: once a scope holds the address, nothing behind it does.
        while (inside && !reader.AtEnd)
        {
            ulong code = reader.Uleb();
            if (code == 0)
                break;
            abbreviation = unit.Abbreviation(code);
            if (!IsScope(abbreviation.Tag))
            {
                int next = unit.Skip(ref reader, abbreviation);
                if (abbreviation.HasChildren)
                    unit.SkipChildren(ref reader, next);
                continue;
            }

            var scope = default(DwarfScope);
            unit.Read(ref reader, abbreviation, ref scope);
            if (Holds(places, scope, linkAddress, ranges))
            {
                if (scope.Tag == DwarfTag.InlinedSubroutine)
                    chain.Add(scope);
                inside = abbreviation.HasChildren;
            }
            else if (abbreviation.HasChildren)
            {
                unit.SkipChildren(ref reader, unit.SiblingPlace(scope.Sibling, reader.Position));
            }
        }

        return chain.Count <= Limits.InlinedCalls ? chain : throw new BadData(".debug_info", function, $"more than {Limits.InlinedCalls} inlined calls");
    }

    private static bool IsScope(DwarfTag tag) =>
        tag is DwarfTag.InlinedSubroutine or DwarfTag.LexicalBlock or DwarfTag.TryBlock or DwarfTag.CatchBlock;

    private static bool Holds(DwarfRanges places, in DwarfScope scope, ulong address, List<DwarfRange> ranges)
    {
        ranges.Clear();
        places.Add(scope, ranges);
        foreach (DwarfRange range in ranges)
        {
            if (range.Contains(address))
                return true;
        }

        return false;
    }
}
