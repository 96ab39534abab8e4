using Kaa.Formats;
using Kaa.Target.Arch;
using Kaa.Target.Symbols;
using Kaa.Target.Unwind;

namespace Kaa.Control.Debugging.Stack;

/// <summary>A frame of the C stack as gdb counts them: a call that was inlined is one of its own.</summary>
/// <param name="Level">0 is the innermost.</param>
/// <param name="Python">Indices of the Python frames that it runs, innermost first; empty for most.</param>
public sealed record FrameView(int Level, UnwoundFrame Unwound, SymbolizedFrame Symbol, X64RegisterFile Registers, IReadOnlyList<int> Python)
{
    public Address Pc => Unwound.Pc;

    /// <summary>The start of the function; null where no function is known.</summary>
    public Address? FunctionStart => Symbol.OffsetInFunction is { } offset ? Unwound.Pc - (long)offset : null;
}
