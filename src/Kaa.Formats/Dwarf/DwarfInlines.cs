namespace Kaa.Formats.Dwarf;

/// <summary>The calls that were inlined at one address of a function.</summary>
internal static class DwarfInlines
{
    /// <summary>The inlined calls that an address lies in, the outermost first.</summary>
    /// <param name="function">Place of the function's entry.</param>
    /// <exception cref="BadData">The unit breaks the format.</exception>
    public static List<DwarfScope> Find(DwarfUnitContent unit, DwarfRanges places, int function, ulong linkAddress)
    {
        var ranges = new List<DwarfRange>();
        var open = new Stack<bool>();
        var chain = new List<DwarfScope>();
        var longest = new List<DwarfScope>();
        SpanReader reader = unit.ReaderAt(function);
        DwarfAbbreviation abbreviation = unit.Abbreviation(reader.Uleb());
        unit.Skip(ref reader, abbreviation);
        if (!abbreviation.HasChildren)
            return longest;

        // Link-time optimisation leaves blocks that overlap: the one that tells most calls is taken.
        while (!reader.AtEnd)
        {
            ulong code = reader.Uleb();
            if (code == 0)
            {
                if (!open.TryPop(out bool isCall))
                    break;
                if (isCall)
                    chain.RemoveAt(chain.Count - 1);
                continue;
            }

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
            if (!Holds(places, scope, linkAddress, ranges))
            {
                if (abbreviation.HasChildren)
                    unit.SkipChildren(ref reader, unit.SiblingPlace(scope.Sibling, reader.Position));
                continue;
            }

            Enter(scope, chain, longest, function);
            if (abbreviation.HasChildren)
                open.Push(scope.Tag == DwarfTag.InlinedSubroutine);
            else if (scope.Tag == DwarfTag.InlinedSubroutine)
                chain.RemoveAt(chain.Count - 1);
        }

        return longest;
    }

    private static void Enter(in DwarfScope scope, List<DwarfScope> chain, List<DwarfScope> longest, int function)
    {
        if (scope.Tag != DwarfTag.InlinedSubroutine)
            return;
        if (chain.Count >= Limits.InlinedCalls)
            throw new BadData(".debug_info", function, $"more than {Limits.InlinedCalls} inlined calls");
        chain.Add(scope);
        if (chain.Count <= longest.Count)
            return;
        longest.Clear();
        longest.AddRange(chain);
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
