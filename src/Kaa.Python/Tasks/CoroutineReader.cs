using Kaa.Formats;
using Kaa.Python.Objects;
using Kaa.Python.Stack;

namespace Kaa.Python.Tasks;

/// <summary>A coroutine and those that it awaits, one through the other.</summary>
internal sealed record CoroutineChain
{
    /// <summary>Innermost first; those of an executing coroutine are its thread's.</summary>
    public IReadOnlyList<RawFrame> Frames { get; init; } = [];

    /// <summary>Names of <see cref="Frames"/>, as their generators have them; null where one has none.</summary>
    public IReadOnlyList<string?> Names { get; init; } = [];

    /// <summary>Of the outermost coroutine.</summary>
    public GeneratorPhase Phase { get; init; }

    /// <summary>The outermost frame where it executes; else null address.</summary>
    public Address ExecutingFrame { get; init; }

    /// <summary>What the innermost one awaits, when that is no coroutine; null address where it awaits nothing.</summary>
    public Address Awaits { get; init; }

    /// <summary>Why it ends early; null where it is complete.</summary>
    public string? Truncated { get; init; }
}

/// <summary>Follows a coroutine inwards, through everything that CPython makes of <c>await</c>. Serves one look.</summary>
internal sealed class CoroutineReader(PyObjects objects, GeneratorReader generators, FrameChain frames)
{
    public CoroutineChain Read(Address coroutine)
    {
        var chain = new List<RawFrame>();
        var names = new List<string?>();
        var result = new CoroutineChain { Phase = GeneratorPhase.Ended };
        string? truncated = null;
        try
        {
            result = Follow(coroutine, chain, names);
        }
        catch (TargetFault fault) when (fault.Reason is FaultReason.Unmapped or FaultReason.Nonsense)
        {
            truncated = fault.Message;
        }

        chain.Reverse();
        names.Reverse();
        return result with { Frames = chain, Names = names, Truncated = truncated };
    }

    private CoroutineChain Follow(Address coroutine, List<RawFrame> chain, List<string?> names)
    {
        var guard = new CycleGuard();
        GeneratorPhase? outermost = null;
        Address one = coroutine;
        while (!one.IsNull)
        {
            if (!guard.Enter(one, Limits.Frames))
                throw TargetFault.Nonsense(one, "coroutines that await one another in a circle");
            PyType type = objects.TypeOf(one);
            if (!IsGenerator(type))
            {
                Address wrapped = Wrapped(objects, one, type);
                if (wrapped.IsNull)
                    break;
                one = wrapped;
                continue;
            }

            GeneratorState state = generators.Read(one);
            outermost ??= state.Phase;
            if (state.Phase == GeneratorPhase.Executing)
                return new CoroutineChain { Phase = outermost.Value, ExecutingFrame = state.Frame };
            if (state.Phase != GeneratorPhase.Ended)
            {
                chain.Add(frames.ReadOne(state.Frame));
                names.Add(objects.TryReadString(objects.PointerAt(one, objects.Layout.PyGenObject.gi_qualname), Limits.CodeName));
            }

            one = state.Awaits;
        }

        return new CoroutineChain { Phase = outermost ?? GeneratorPhase.Suspended, Awaits = one };
    }

    /// <summary>The three have static types that can't be derived from.</summary>
    public static bool IsGenerator(PyType type) => !type.IsHeapType && type.Name is "coroutine" or "generator" or "async_generator";

    /// <summary>What is driven through an awaitable: the generator, or the awaitable itself where it is none of CPython's.</summary>
    public static Address Unwrapped(PyObjects objects, Address awaitable)
    {
        Address wrapped = Wrapped(objects, awaitable, objects.TypeOf(awaitable));
        return wrapped.IsNull ? awaitable : wrapped;
    }

    /// <summary>
    /// What an awaitable of CPython's own drives, its first field: <c>__await__()</c> of a coroutine, a step of an asynchronous generator,
    /// <c>anext()</c> with a default (Objects/genobject.c, Objects/iterobject.c). Null address for others.
    /// </summary>
    private static Address Wrapped(PyObjects objects, Address awaitable, PyType type) =>
        !type.IsHeapType && type.Name is "coroutine_wrapper" or "async_generator_asend" or "async_generator_athrow" or "anext_awaitable"
            ? objects.Word(awaitable, 0)
            : Address.Null;
}
