using Kaa.Formats;

namespace Kaa.Target.Unwind;

/// <summary>What is known of one function that an address lies in.</summary>
/// <param name="Function">Null where no symbol tells.</param>
/// <param name="File">Of the source; null where no line table tells.</param>
/// <param name="Inlined">A call that the compiler inlined into the function that follows.</param>
public readonly record struct SymbolizedFrame(string? Function, string? Module, string? File, int? Line, bool Inlined);

/// <summary>Names what code addresses lie in.</summary>
public interface ISymbolSource
{
    /// <summary>Adds at least one frame: inlined calls first, innermost first, then the function itself.</summary>
    /// <param name="isReturnAddress">The address stands behind a call, which is what is meant.</param>
    void Find(Address address, bool isReturnAddress, List<SymbolizedFrame> frames);
}
