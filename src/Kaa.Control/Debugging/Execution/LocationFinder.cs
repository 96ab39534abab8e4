using System.Globalization;
using Kaa.Control.Debugging.Symbols;
using Kaa.Formats;
using Kaa.Formats.Elf;
using Kaa.Results;

namespace Kaa.Control.Debugging.Execution;

/// <summary>What follows <c>break</c>: a place, and what else stands behind it.</summary>
/// <param name="Spec">SYMBOL, MODULE!SYMBOL, FILE:LINE or *ADDRESS.</param>
/// <param name="Condition">Behind <c>if</c>; empty for none.</param>
/// <param name="Thread">gdb's number behind <c>thread</c>; null for all.</param>
public sealed record BreakpointRequest(string Spec, string Condition, int? Thread)
{
    public static BreakpointRequest Parse(string argument)
    {
        string rest = argument.Trim();
        string condition = "";
        int at = IndexOfWord(rest, "if");
        if (at >= 0)
        {
            condition = rest[(at + 2)..].Trim();
            rest = rest[..at].Trim();
        }

        int? thread = null;
        at = IndexOfWord(rest, "thread");
        if (at > 0 && int.TryParse(rest[(at + 6)..].Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out int number))
        {
            thread = number;
            rest = rest[..at].Trim();
        }

        return new BreakpointRequest(rest, condition, thread);
    }

    /// <summary>As a word of its own: a condition may follow its bracket at once, as in <c>if(x)</c>.</summary>
    private static int IndexOfWord(string text, string word)
    {
        for (int at = text.IndexOf(word, StringComparison.Ordinal); at >= 0; at = text.IndexOf(word, at + 1, StringComparison.Ordinal))
        {
            bool begins = at == 0 || char.IsWhiteSpace(text[at - 1]);
            int end = at + word.Length;
            if (begins && (end == text.Length || char.IsWhiteSpace(text[end]) || text[end] == '('))
                return at;
        }

        return -1;
    }
}

/// <summary>Finds what a breakpoint's place means in what is loaded now.</summary>
internal static class LocationFinder
{
    /// <summary>All places; empty where nothing that is loaded has such a function.</summary>
    /// <param name="evaluate">An address that is written as an expression.</param>
    public static IReadOnlyList<BreakpointLocation> Find(Inferior inferior, string spec, Func<string, ulong> evaluate)
    {
        if (spec.StartsWith('*'))
            return [At(inferior, new Address(evaluate(spec[1..].Trim())))];
        if (SourceLine.Parse(spec) is { } line)
            return [.. SourceLineFinder.Find(inferior, line).Select(one => one with { Pid = inferior.Pid })];
        var found = new List<BreakpointLocation>();
        foreach (SymbolPlace symbol in inferior.Names.FindAll(spec))
        {
            if (symbol.Type == ElfSymbolType.Indirect)
            {
                Address chosen = IndirectFunctions.Find(inferior, symbol) ?? throw IndirectFunctions.Unknown(symbol);
                if (!found.Exists(one => one.Address == chosen))
                    found.Add(At(inferior, chosen) with { ChosenFor = symbol.Name });
                continue;
            }

            if (symbol.IsCode && !found.Exists(one => one.Address == symbol.Start))
                found.Add(new BreakpointLocation(symbol.Start, symbol.Name, 0, symbol.Module.FileName) { Pid = inferior.Pid });
        }

        return found;
    }

    /// <summary>What is told where there is no such place.</summary>
    public static string Missing(string spec) => SourceLine.Parse(spec) is { } line ? $"No source file named {line.File}, or no code of a line {line.Line} of it." : $"Function \"{spec}\" not defined.";

    public static BreakpointLocation At(Inferior inferior, Address address)
    {
        SymbolPlace? symbol = inferior.Names.At(address);
        string module = symbol?.Module.FileName ?? inferior.Target.Modules.Find(address)?.FileName ?? "";
        return new BreakpointLocation(address, symbol?.Name, symbol is null ? 0 : address - symbol.Start, module) { Pid = inferior.Pid };
    }
}
