using System.Globalization;
using Kaa.Control.Debugging.Symbols;
using Kaa.Formats;
using Kaa.Formats.Dwarf;
using Kaa.Results;
using Kaa.Target;

namespace Kaa.Control.Debugging.Execution;

/// <summary><c>FILE:LINE</c> of C.</summary>
/// <param name="File">A name alone, or the end of a path.</param>
internal sealed record SourceLine(string File, int Line)
{
    /// <summary>Null where the text is something else.</summary>
    /// <exception cref="UserError">python-line: the file is one of Python's.</exception>
    public static SourceLine? Parse(string spec)
    {
        int colon = spec.LastIndexOf(':');
        if (colon <= 0 || spec[colon - 1] == ':' || !int.TryParse(spec.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int line) || line == 0)
            return null;
        string file = spec[..colon].Trim('"', '\'');
        return file.EndsWith(".py", StringComparison.Ordinal)
            ? throw new UserError("python-line", $"{file} is Python's: Kaa stops at lines of C.", $"kaa pdb PID stops at lines of Python; break SYMBOL if py.file =~ \"{file}$\" and py.line == {line} stops in a function of C that the line calls")
            : new SourceLine(file, line);
    }
}

/// <summary>Where lines of C are, by the debug information of whatever is loaded.</summary>
internal static class SourceLineFinder
{
    /// <summary>The first instruction of the line in each function that it was compiled into; empty where nothing that is loaded knows the file.</summary>
    public static IReadOnlyList<BreakpointLocation> Find(Inferior inferior, SourceLine line)
    {
        var found = new List<BreakpointLocation>();
        foreach (Module module in inferior.Target.Modules.Modules)
        {
            try
            {
                ModuleImage image = inferior.Target.Images.For(module);
                if (image is { Elf: { } elf, DebugInfo: { } info })
                    Add(found, inferior, elf.Bias, DwarfLines.Find(info.File, info.Alt, line.File, line.Line, out _));
            }
            catch (BadData)
            {
                // A module whose debug information is broken has no lines.
            }
        }

        return found;
    }

    /// <summary>A line has several pieces in one function where the compiler has moved it about: the first is where it begins.</summary>
    private static void Add(List<BreakpointLocation> found, Inferior inferior, ulong bias, IReadOnlyList<DwarfLinePlace> places)
    {
        var firsts = new Dictionary<ulong, DwarfLinePlace>();
        foreach (DwarfLinePlace place in places)
        {
            SymbolPlace? symbol = inferior.Names.At(new Address(unchecked(place.Address + bias)));
            ulong function = symbol?.Start.Value ?? place.Address;
            if (!firsts.TryGetValue(function, out DwarfLinePlace first) || place.Address < first.Address)
                firsts[function] = place;
        }

        foreach (DwarfLinePlace place in firsts.Values)
            found.Add(LocationFinder.At(inferior, new Address(unchecked(place.Address + bias))) with { File = place.File, Line = place.Line });
    }
}
