using Kaa.Formats;
using Kaa.Python.Layout;
using Kaa.Python.Objects;
using Kaa.Python.Stack;

namespace Kaa.Python.Tasks;

internal enum GeneratorPhase
{
    Created,
    Suspended,
    Executing,
    Ended,
}

/// <param name="Frame">Of the <c>PyFrameObject</c> or <c>_PyInterpreterFrame</c>; null address once it has ended.</param>
/// <param name="Awaits">What it awaits or yields from; null address where it does not.</param>
internal readonly record struct GeneratorState(GeneratorPhase Phase, Address Frame, Address Awaits);

/// <summary>Reads generators, coroutines and asynchronous generators: where they are, and what they await. Serves one look.</summary>
internal sealed class GeneratorReader(PyObjects objects, PyLayout layout, ulong stackRefTags)
{
    /// <summary>YIELD_FROM of Include/opcode.h, 2.7 (where it is not used) to 3.10.</summary>
    private const byte YieldFrom = 72;

    /// <summary>RESUME, RESUME_QUICK (3.11) and INSTRUMENTED_RESUME (3.12) of Include/opcode.h.</summary>
    private const byte Resume = 151;
    private const byte ResumeQuick = 150;
    private const byte InstrumentedResume = 240;

    /// <summary>RESUME's argument is 2 behind <c>yield from</c> and 3 behind <c>await</c>.</summary>
    private const byte ResumeAfterYieldFrom = 2;

    private readonly GeneratorLayout _g = GeneratorLayout.For(objects.Layout.Version, layout);

    private IMemory Memory => objects.Memory;

    /// <exception cref="TargetFault">It can't be read, or makes no sense.</exception>
    public GeneratorState Read(Address generator) => _g.Form switch
    {
        GeneratorForm.StackTop => ByStackTop(generator),
        GeneratorForm.StackDepth => ByStackDepth(generator),
        _ => ByState(generator),
    };

    private GeneratorState ByStackTop(Address generator)
    {
        Address frame = Memory.ReadPointer(generator + _g.gi_frame);
        if (frame.IsNull)
            return new GeneratorState(GeneratorPhase.Ended, frame, Address.Null);
        if (Memory.Read<byte>(generator + _g.gi_running) != 0)
            return new GeneratorState(GeneratorPhase.Executing, frame, Address.Null);
        int last = Memory.Read<int>(frame + layout.FrameObject.f_lasti);
        if (last < 0)
            return new GeneratorState(GeneratorPhase.Created, frame, Address.Null);
        Address top = Memory.ReadPointer(frame + _g.f_stacktop);
        bool awaits = !top.IsNull && objects.Layout.Version.Major == 3 && NextOpcode(frame, last + 2) == YieldFrom;
        return new GeneratorState(GeneratorPhase.Suspended, frame, awaits ? Memory.ReadPointer(top - 8) : Address.Null);
    }

    private GeneratorState ByStackDepth(Address generator)
    {
        Address frame = Memory.ReadPointer(generator + _g.gi_frame);
        if (frame.IsNull)
            return new GeneratorState(GeneratorPhase.Ended, frame, Address.Null);

        // enum _framestate, Include/cpython/frameobject.h.
        GeneratorPhase phase = Memory.Read<sbyte>(frame + _g.f_state) switch
        {
            -2 => GeneratorPhase.Created,
            -1 => GeneratorPhase.Suspended,
            0 => GeneratorPhase.Executing,
            _ => GeneratorPhase.Ended,
        };
        int last = Memory.Read<int>(frame + layout.FrameObject.f_lasti);
        if (phase != GeneratorPhase.Suspended || last is < 0 or > Limits.CodeTable || NextOpcode(frame, (last + 1) * 2) != YieldFrom)
            return new GeneratorState(phase, frame, Address.Null);
        int depth = Memory.Read<int>(frame + _g.f_stackdepth);
        Address stack = Memory.ReadPointer(frame + layout.FrameObject.f_valuestack);
        return depth is > 0 and < Limits.Locals
            ? new GeneratorState(phase, frame, Memory.ReadPointer(stack + ((depth - 1) * 8L)))
            : throw TargetFault.Nonsense(frame, "stack of unlikely depth");
    }

    private byte NextOpcode(Address frame, int offset)
    {
        Address code = Memory.ReadPointer(frame + layout.FrameObject.f_code);
        return Memory.Read<byte>(Memory.ReadPointer(code + layout.Code.co_code) + (objects.Layout.ob_sval + (long)offset));
    }

    private GeneratorState ByState(Address generator)
    {
        Address frame = generator + _g.gi_iframe;
        sbyte state = Memory.Read<sbyte>(generator + _g.gi_frame_state);
        GeneratorPhase phase = _g.Form == GeneratorForm.StateFromZero ? PhaseFromZero(state) : Phase(state);
        if (phase == GeneratorPhase.Ended)
            return new GeneratorState(phase, Address.Null, Address.Null);
        bool awaits = phase == GeneratorPhase.Suspended && _g.Form switch
        {
            GeneratorForm.State => state == -1,
            GeneratorForm.StateFromZero => state is 2 or 3,
            _ => IsInYieldFrom(frame),
        };
        return new GeneratorState(phase, frame, awaits ? Top(frame) : Address.Null);
    }

    /// <summary>
    /// <c>enum _framestate</c>, Include/internal/pycore_frame.h: −2 created (3.13+: −3), −1 suspended (3.13+: −2, and −1 in yield from),
    /// 0 executing, then ended.
    /// </summary>
    private GeneratorPhase Phase(sbyte state) => state switch
    {
        0 => GeneratorPhase.Executing,
        > 0 => GeneratorPhase.Ended,
        _ => state == (_g.Form == GeneratorForm.State ? -3 : -2) ? GeneratorPhase.Created : GeneratorPhase.Suspended,
    };

    private static GeneratorPhase PhaseFromZero(sbyte state) => state switch
    {
        0 => GeneratorPhase.Created,
        1 or 2 or 3 => GeneratorPhase.Suspended,
        4 => GeneratorPhase.Executing,
        _ => GeneratorPhase.Ended,
    };

    private bool IsInYieldFrom(Address frame)
    {
        Address next = Memory.ReadPointer(frame + layout.Frame.instr_ptr) + 2;
        ushort unit = Memory.Read<ushort>(next);
        return (byte)(unit & 0xff) is Resume or ResumeQuick or InstrumentedResume && unit >> 8 >= ResumeAfterYieldFrom;
    }

    /// <summary><c>_PyFrame_StackPeek</c>.</summary>
    private Address Top(Address frame)
    {
        Address top;
        if (_g.stacktop != Offset.Absent)
        {
            int depth = Memory.Read<int>(frame + _g.stacktop);
            if (depth is < 1 or > Limits.Locals)
                throw TargetFault.Nonsense(frame, "stack of unlikely depth");
            top = frame + layout.Frame.localsplus + ((depth - 1) * 8L);
        }
        else
        {
            // 3.15: SEND keeps a word of its own above what it sends to (gen_getyieldfrom, Objects/genobject.c).
            int depth = _g.Form == GeneratorForm.StateFromZero ? 2 : 1;
            top = Memory.ReadPointer(frame + layout.Frame.stackpointer) - (depth * 8L);
        }

        ulong reference = Memory.ReadPointer(top).Value;
        return new Address(reference & ~stackRefTags);
    }
}
