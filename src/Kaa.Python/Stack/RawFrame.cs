using Kaa.Formats;

namespace Kaa.Python.Stack;

/// <summary>A frame of Python code as it was found.</summary>
/// <param name="Address">Of the <c>_PyInterpreterFrame</c>; up to 3.10 of the <c>PyFrameObject</c>.</param>
/// <param name="Instruction">Byte offset of the instruction in the code; negative where it has not begun.</param>
/// <param name="TracedLine">What a tracer set as the line; below 0 for "none", null where nothing did.</param>
/// <param name="EvalFrame">
/// Address of a variable on the C stack that belongs to the C call which runs this frame (<c>_PyCFrame</c>, or the entry frame that
/// took its place in 3.12): native and Python stacks are joined by it. Null address up to 3.10, where each frame has a C call of its own.
/// </param>
public readonly record struct RawFrame(Address Address, PyCode Code, int Instruction, int? TracedLine, Address EvalFrame);

/// <summary>The frames of one thread, innermost first.</summary>
/// <param name="Truncated">Why it ends early; null where it is complete.</param>
public sealed record RawStack(IReadOnlyList<RawFrame> Frames, string? Truncated)
{
    public static readonly RawStack Empty = new([], null);
}
