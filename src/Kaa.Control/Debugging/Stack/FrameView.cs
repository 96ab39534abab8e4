using Kaa.Formats;
using Kaa.Target.Arch;
using Kaa.Target.Symbols;
using Kaa.Target.Unwind;

namespace Kaa.Control.Debugging.Stack;

/// <summary>A frame of the C stack as gdb counts them: a call that was inlined is one of its own.</summary>
/// <param name="Level">0 is the innermost.</param>
/// <param name="Thread">Registers of the thread itself.</param>
/// <param name="IsThreads">Its registers are the thread's own.</param>
/// <param name="Python">Indices of the Python frames that it runs, innermost first; empty for most.</param>
public sealed record FrameView(int Level, UnwoundFrame Unwound, SymbolizedFrame Symbol, X64RegisterFile Thread, bool IsThreads, IReadOnlyList<int> Python)
{
    /// <summary>As the frame has them, as far as they are known.</summary>
    public X64RegisterFile Registers => IsThreads || Unwound.Registers is not { } saved ? Thread : new X64RegisterFile(saved, Thread);

    public Address Pc => Unwound.Pc;

    /// <summary>The start of the function; null where no function is known.</summary>
    public Address? FunctionStart => Symbol.OffsetInFunction is { } offset ? Unwound.Pc - (long)offset : null;
}
