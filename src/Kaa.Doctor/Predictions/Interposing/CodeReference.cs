using Kaa.Formats;

namespace Kaa.Doctor.Predictions.Interposing;

/// <summary>How an instruction gets to a function.</summary>
internal enum ReferenceKind
{
    /// <summary>A call or jump to the definition itself.</summary>
    Direct,

    /// <summary>A call or jump to a stub of the procedure linkage table.</summary>
    Stub,

    /// <summary>A call or jump through a word of the GOT (-fno-plt).</summary>
    Slot,

    /// <summary>The definition's own address is taken (lea).</summary>
    DirectPointer,

    /// <summary>The address is taken from a word of the GOT.</summary>
    SlotPointer,

    /// <summary>The jump inside of a stub: no call.</summary>
    StubItself,
}

/// <summary>An instruction that refers to a function.</summary>
/// <param name="Bytes">Of the instruction.</param>
/// <param name="IsVerified">It lies on a border of instructions of a function whose range is known.</param>
internal sealed record CodeReference(Address Address, ReferenceKind Kind, Address Target, byte[] Bytes, string Text, bool IsVerified)
{
    public bool IsCall => Kind is ReferenceKind.Direct or ReferenceKind.Stub or ReferenceKind.Slot;
}
