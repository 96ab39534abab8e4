using static Kaa.Python.Bytecode.Op;

namespace Kaa.Python.Bytecode;

internal enum CallForm
{
    /// <summary>The callable lies in the slot where the result will be: that the call has not returned must be proved otherwise.</summary>
    Plain,

    /// <summary>A method and the object that it is called on; or, where the first slot is empty, a callable behind it (3.7–3.12).</summary>
    MethodOrCallable,

    /// <summary>An empty slot, then a callable (CALL_FUNCTION_EX of 3.11 and 3.12).</summary>
    EmptyThenCallable,

    /// <summary>A callable, then the object that it is called on, or an empty slot (3.13+).</summary>
    CallableThenSelf,

    /// <summary>The bound <c>__exit__</c> of a context manager whose <c>__enter__</c> is called (SETUP_WITH; BEFORE_WITH of 3.11).</summary>
    EnterByExit,

    /// <summary>A context manager whose <c>__enter__</c> is called (BEFORE_WITH of 3.12 and 3.13).</summary>
    EnterByManager,
}

/// <summary>Where on the value stack an instruction that calls has what it calls.</summary>
/// <param name="Slot">Index of the first slot that belongs to the call.</param>
internal readonly record struct CallSite(CallForm Form, int Slot)
{
    /// <summary>Null for an instruction that calls nothing by itself, or a stack that is too low for it.</summary>
    /// <param name="depth">Height of the value stack in front of the instruction.</param>
    /// <param name="release">Major × 100 + minor.</param>
    public static CallSite? Of(in Instruction instruction, int depth, int release)
    {
        int argument = instruction.Argument;
        CallSite? site = instruction.Op switch
        {
            CALL_FUNCTION or CALL_FUNCTION_VAR or CALL_FUNCTION_KW or CALL_FUNCTION_VAR_KW =>
                new CallSite(CallForm.Plain, depth - 1 + (StackEffect.Of(instruction.Op, argument, false, release) ?? depth)),
            CALL_FUNCTION_EX when release < 311 => new CallSite(CallForm.Plain, depth - 2 - (argument & 1)),
            CALL_FUNCTION_EX when release < 313 => new CallSite(CallForm.EmptyThenCallable, depth - 3 - (argument & 1)),
            CALL_FUNCTION_EX => new CallSite(CallForm.CallableThenSelf, release >= 314 ? depth - 4 : depth - 3 - (argument & 1)),
            CALL_METHOD => new CallSite(CallForm.MethodOrCallable, depth - 2 - argument),
            PRECALL or CALL when release < 313 => new CallSite(CallForm.MethodOrCallable, depth - 2 - argument),
            CALL => new CallSite(CallForm.CallableThenSelf, depth - 2 - argument),
            CALL_KW => new CallSite(CallForm.CallableThenSelf, depth - 3 - argument),
            SETUP_WITH => new CallSite(CallForm.EnterByExit, depth - 1),
            BEFORE_WITH => new CallSite(release == 311 ? CallForm.EnterByExit : CallForm.EnterByManager, depth - 1),
            _ => null,
        };
        return site is { Slot: >= 0 } ? site : null;
    }

    /// <summary>True where the instruction may call something that <see cref="Of"/> finds.</summary>
    public static bool IsCall(Op op) => op is CALL_FUNCTION or CALL_FUNCTION_VAR or CALL_FUNCTION_KW or CALL_FUNCTION_VAR_KW
        or CALL_FUNCTION_EX or CALL_METHOD or PRECALL or CALL or CALL_KW or SETUP_WITH or BEFORE_WITH;
}
