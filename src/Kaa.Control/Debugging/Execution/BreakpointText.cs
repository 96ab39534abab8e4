using System.Text;

namespace Kaa.Control.Debugging.Execution;

/// <summary>Breakpoints as gdb writes them.</summary>
internal static class BreakpointText
{
    /// <summary><c>Breakpoint 1 at 0x…</c></summary>
    public static string Made(Breakpoint one)
    {
        string kind = one.IsTemporary ? "Temporary breakpoint" : "Breakpoint";
        return one.Locations.Count switch
        {
            0 => $"{kind} {one.Number} ({one.Spec}) pending.",
            1 => $"{kind} {one.Number} at 0x{one.Locations[0].Address.Value:x}: {Place(one.Locations[0])}",
            var count => $"{kind} {one.Number} at 0x{one.Locations[0].Address.Value:x}: {one.Spec}. ({count} locations: {string.Join(", ", one.Locations.Select(location => location.Module))})",
        };
    }

    /// <summary><c>info breakpoints</c></summary>
    /// <param name="inferiors">Where there are several, each location says in which it is.</param>
    public static string List(IReadOnlyList<Breakpoint> all, IReadOnlyList<Inferior> inferiors)
    {
        if (all.Count == 0)
            return "No breakpoints or watchpoints.\n";
        var text = new StringBuilder("Num     Type           Disp Enb Address            What\n");
        foreach (Breakpoint one in all)
            Add(text, one, inferiors);
        return text.ToString();
    }

    private static void Add(StringBuilder text, Breakpoint one, IReadOnlyList<Inferior> inferiors)
    {
        string head = $"{one.Number,-7} breakpoint     {(one.IsTemporary ? "del " : "keep")} {(one.IsEnabled ? "y" : "n")}   ";
        text.Append(one.Locations.Count switch
        {
            0 => $"{head}<PENDING>          {one.Spec}\n",
            1 => $"{head}0x{one.Locations[0].Address.Value:x16} {one.Locations[0].What}{In(one.Locations[0], inferiors)}\n",
            _ => head + "<MULTIPLE>         \n",
        });
        if (one.ConditionText is { } condition)
            text.Append("\tstop only if ").Append(condition).Append('\n');
        if (one.Hits > 0)
            text.Append("\tbreakpoint already hit ").Append(one.Hits).Append(one.Hits == 1 ? " time\n" : " times\n");
        if (one.Ignore > 0)
            text.Append("\tignore next ").Append(one.Ignore).Append(" hits\n");
        foreach (string line in one.Commands)
            text.Append("        ").Append(line).Append('\n');
        for (int i = 0; one.Locations.Count > 1 && i < one.Locations.Count; i++)
            text.Append($"{$"{one.Number}.{i + 1}",-27} y   0x{one.Locations[i].Address.Value:x16} {one.Locations[i].What} in {one.Locations[i].Module}{In(one.Locations[i], inferiors)}\n");
    }

    private static string In(BreakpointLocation location, IReadOnlyList<Inferior> inferiors)
    {
        foreach (Inferior inferior in inferiors)
        {
            if (inferiors.Count > 1 && inferior.Pid == location.Pid)
                return " inf " + inferior.Number.ToString(System.Globalization.CultureInfo.InvariantCulture);
        }

        return "";
    }

    private static string Place(BreakpointLocation location)
    {
        if (location.File is { } file)
            return $"file {file}, line {location.Line}.";
        string place = location.Symbol is null ? location.Module : $"{location.What} in {location.Module}";
        return location.ChosenFor is { } named ? $"{place}, the implementation of {named} that was chosen when it was loaded (IFUNC)" : place;
    }
}
