using Kaa.Formats;
using Kaa.Python.Waits;

namespace Kaa.Python.Bytecode;

/// <summary>
/// How high the value stack of a frame is at each instruction of its code, found by following all ways through it, as <c>mark_stacks</c>
/// (Objects/frameobject.c, 3.10+) does to move a frame to another line.
/// </summary>
internal sealed class StackFlow
{
    private readonly OpcodeSet _set;
    private readonly byte[] _code;
    private readonly int _maxDepth;
    private readonly BlockFlow? _blocks;
    private readonly Visit?[] _visits;
    private readonly Stack<(int Offset, StackState State)> _pending = [];
    private int _steps;

    private StackFlow(OpcodeSet set, byte[] code, int maxDepth)
    {
        _set = set;
        _code = code;
        _maxDepth = maxDepth;
        _visits = new Visit?[code.Length];
        _blocks = set.Release < 311 ? new BlockFlow(set.Release) : null;
    }

    /// <summary>Null where the code is not what the compiler of that version makes, or hides instructions behind a tool's.</summary>
    /// <param name="generator">Up to 3.12 a generator's stack begins with the value that is sent to start it (GEN_START, RETURN_GENERATOR).</param>
    /// <param name="exceptions">The exception table (3.11+); else empty.</param>
    /// <param name="stackSize"><c>co_stacksize</c>.</param>
    public static StackFlow? Analyse(OpcodeSet set, byte[] code, bool generator, ReadOnlySpan<byte> exceptions, int stackSize)
    {
        if (code.Length > Limits.Bytecode || stackSize is < 0 or > Limits.Bytecode)
            return null;
        var flow = new StackFlow(set, code, stackSize);
        if (flow._blocks is { FindsFinallyHandlers: true } blocks)
            blocks.FindFinallyHandlers(set, code);
        int first = generator && set.Release is 310 or 311 or 312 ? 1 : 0;
        flow._pending.Push((0, new StackState(first, null)));
        flow.AddHandlers(exceptions);
        return flow.Run() ? flow : null;
    }

    /// <summary>The ways in which an instruction can be met, by the offset that a frame gives of it; most have one.</summary>
    public IReadOnlyList<StackState> StatesAt(int offset)
    {
        var states = new List<StackState>(1);
        for (Visit? visit = offset >= 0 && offset < _visits.Length ? _visits[offset] : null; visit is not null; visit = visit.Next)
            states.Add(visit.State);
        return states;
    }

    /// <summary>How high the stack is at an instruction that is met with just these marks; null where it is not.</summary>
    public int? DepthAt(int offset, Mark? marks)
    {
        for (Visit? visit = offset >= 0 && offset < _visits.Length ? _visits[offset] : null; visit is not null; visit = visit.Next)
        {
            if (visit.State.Marks == marks)
                return visit.State.Depth;
        }

        return null;
    }

    /// <summary>The instruction at an offset, with what EXTENDED_ARG in front of it adds.</summary>
    public bool TryInstruction(int offset, out Instruction instruction)
    {
        Visit? visit = offset >= 0 && offset < _visits.Length ? _visits[offset] : null;
        instruction = visit?.Instruction ?? default;
        return visit is not null;
    }

    private void AddHandlers(ReadOnlySpan<byte> exceptions)
    {
        int position = 0;
        while (ExceptionTable.TryNext(exceptions, ref position, out ExceptionEntry entry))
        {
            // One that leads nowhere is no compiler's either: to follow it fails.
            if (entry.Target < 0 || entry.Target > _code.Length || entry.Depth < 0 || entry.Depth > _maxDepth)
                entry = entry with { Target = _code.Length, Depth = 0 };
            _pending.Push((entry.Target * 2, new StackState(entry.Depth + (entry.PushesInstruction ? 2 : 1), null)));
        }
    }

    private bool Run()
    {
        while (_pending.TryPop(out (int Offset, StackState State) next))
        {
            (int offset, StackState state) = next;
            while (true)
            {
                if (++_steps > Limits.BytecodeSteps || !_set.TryRead(_code, offset, out Instruction instruction))
                    return false;
                if (!Enter(offset, instruction, state, out bool isNew))
                    return false;
                if (!isNew)
                    break;
                if (!Follow(instruction, ref state, out bool goesOn))
                    return false;
                if (!goesOn)
                    break;
                offset = instruction.Next;
            }
        }

        return true;
    }

    /// <summary>Notes a state under the instruction's own offset too, where EXTENDED_ARG stands in front of it: since 3.11 frames name that one.</summary>
    private bool Enter(int offset, in Instruction instruction, StackState state, out bool isNew)
    {
        isNew = false;
        if (state.Depth < 0 || state.Depth > _maxDepth)
            return false;
        int count = 0;
        for (Visit? visit = _visits[offset]; visit is not null; visit = visit.Next, count++)
        {
            if (visit.State == state)
                return true;
        }

        if (count >= Limits.StackStates)
            return false;
        isNew = true;
        _visits[offset] = new Visit(instruction, state, _visits[offset]);
        if (instruction.Start != offset)
            _visits[instruction.Start] = new Visit(instruction, state, _visits[instruction.Start]);
        return true;
    }

    /// <summary>Puts the ways to other places aside, and goes to the next instruction, if the way leads there.</summary>
    private bool Follow(in Instruction instruction, ref StackState state, out bool goesOn)
    {
        goesOn = false;
        if (_blocks is not null && _blocks.TryFollow(_set, instruction, state, _pending, out StackState? next))
        {
            goesOn = next is not null;
            state = next ?? state;
            return true;
        }

        if (StackEffect.Of(instruction.Op, instruction.Argument, jump: false, _set.Release) is not { } effect)
            return false;
        if (Jumps.Ends(instruction.Op))
            return true;
        if (_set.Target(instruction) is { } target)
        {
            int jumped = StackEffect.Of(instruction.Op, instruction.Argument, jump: true, _set.Release) ?? effect;
            _pending.Push((target, state with { Depth = state.Depth + jumped }));
        }

        state = state with { Depth = state.Depth + effect };
        goesOn = !Jumps.IsUnconditional(instruction.Op);
        return true;
    }

    private sealed record Visit(Instruction Instruction, StackState State, Visit? Next);
}
