namespace Kaa.Formats.Demangling;

/// <summary>Names of C++ and Rust as people write them.</summary>
public static class Demangler
{
    /// <summary>The name that a symbol stands for; the symbol itself where it is not mangled, breaks the rules, or is beyond a limit.</summary>
    public static string Demangle(string symbol)
    {
        if (symbol.Length is < 3 or > Limits.SymbolName || symbol[0] != '_')
            return symbol;
        try
        {
            return RustV0.TryDemangle(symbol) ?? RustLegacy.TryDemangle(symbol) ?? Cxx(symbol) ?? symbol;
        }
        catch (UndemangledException)
        {
            return symbol;
        }
    }

    private static string? Cxx(string symbol)
    {
        int start = symbol.StartsWith("_Z", StringComparison.Ordinal) ? 2 : symbol.StartsWith("__Z", StringComparison.Ordinal) ? 3 : 0;
        return start > 0 ? CxxPrinter.Print(new CxxParser(symbol).ParseAll(start)) : null;
    }
}
