namespace Kaa.Python.Bytecode;

internal enum MarkKind
{
    /// <summary>A block of SETUP_LOOP (up to 3.7).</summary>
    Loop,

    /// <summary>A block of SETUP_EXCEPT (up to 3.7).</summary>
    Except,

    /// <summary>A block of SETUP_FINALLY or SETUP_WITH; since 3.8 SETUP_EXCEPT's is one too.</summary>
    Finally,

    /// <summary>EXCEPT_HANDLER (3.x): an exception is being handled; six values lie on the stack from its level on.</summary>
    Handler,

    /// <summary>One value that says to END_FINALLY that nothing happened: None, NULL since 3.8.</summary>
    Nothing,

    /// <summary>A result and a number: <c>return</c> waits for the end of <c>finally</c> (up to 3.7).</summary>
    Return,

    /// <summary>A number: <c>break</c> waits for it (up to 3.7).</summary>
    Break,

    /// <summary>A place and a number: <c>continue</c> waits for it (up to 3.7).</summary>
    Continue,

    /// <summary>Three values: an exception waits for it (2.7).</summary>
    Raised,

    /// <summary>The offset to return to, of CALL_FINALLY (3.8).</summary>
    ReturnAddress,
}

/// <summary>
/// What lies on a frame's block stack, or on its value stack for the end of a <c>finally</c>, up to 3.10; the newest first.
/// </summary>
/// <param name="Level">Height of the value stack under it.</param>
/// <param name="Target">A block's handler or a loop's end, or where to go on.</param>
internal sealed record Mark(MarkKind Kind, int Level, int Target, Mark? Below)
{
    /// <summary>True for what lies on the block stack.</summary>
    public bool IsBlock => Kind <= MarkKind.Handler;

    /// <summary>How many values it takes on the value stack, once it has begun.</summary>
    public int Size => Kind switch
    {
        MarkKind.Handler => 6,
        MarkKind.Raised => 3,
        MarkKind.Return or MarkKind.Continue => 2,
        MarkKind.Nothing or MarkKind.Break or MarkKind.ReturnAddress => 1,
        _ => 0,
    };
}

/// <summary>Where a frame can be when it comes to an instruction.</summary>
/// <param name="Depth">Height of the value stack.</param>
/// <param name="Marks">Null where there are none, and since 3.11.</param>
internal readonly record struct StackState(int Depth, Mark? Marks);
