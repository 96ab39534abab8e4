using static Kaa.Python.Bytecode.Op;

namespace Kaa.Python.Bytecode;

/// <summary>
/// What instructions do with blocks up to 3.10: Python/ceval.c (<c>fast_block_end</c> and <c>exception_unwind</c>, and the SETUP_, WITH_ and
/// FINALLY instructions). An exception's way leads to the handler of the block that it happens in, so it is noted where the block is made.
/// </summary>
internal sealed class BlockFlow(int release)
{
    private readonly HashSet<int> _finallyHandlers = [];

    /// <summary>Up to 3.7 the value that says that nothing happened is an ordinary LOAD_CONST None in front of the handler.</summary>
    public bool FindsFinallyHandlers => release < 308;

    public void FindFinallyHandlers(OpcodeSet set, byte[] code)
    {
        for (int offset = 0; set.TryRead(code, offset, out Instruction instruction); offset = instruction.Next)
        {
            if (instruction.Op is SETUP_FINALLY or SETUP_WITH or SETUP_ASYNC_WITH && set.Target(instruction) is { } handler)
                _finallyHandlers.Add(handler);
        }
    }

    /// <summary>False for an instruction that has nothing to do with blocks.</summary>
    /// <param name="next">The state behind the instruction; null where it does not go on there.</param>
    public bool TryFollow(
        OpcodeSet set, in Instruction instruction, StackState state, Stack<(int Offset, StackState State)> pending, out StackState? next)
    {
        next = null;
        Mark? top = state.Marks;
        switch (instruction.Op)
        {
            case SETUP_LOOP:
                next = state with { Marks = new Mark(MarkKind.Loop, state.Depth, set.Target(instruction)!.Value, top) };
                return true;
            case SETUP_EXCEPT or SETUP_FINALLY or SETUP_WITH or SETUP_ASYNC_WITH:
                next = Setup(instruction.Op, set.Target(instruction)!.Value, state, pending);
                return true;
            case POP_BLOCK:
                if (top is { IsBlock: true })
                    next = new StackState(release < 308 ? top.Level : state.Depth, top.Below);
                return true;
            case POP_EXCEPT:
                if (top is { Kind: MarkKind.Handler })
                    next = new StackState(release < 308 ? top.Level : state.Depth - 3, top.Below);
                return true;
            case LOAD_CONST when _finallyHandlers.Contains(instruction.Next):
                next = new StackState(state.Depth + 1, new Mark(MarkKind.Nothing, state.Depth, 0, top));
                return true;
            case BEGIN_FINALLY:
                next = new StackState(state.Depth + 1, new Mark(MarkKind.Nothing, state.Depth, 0, top));
                return true;
            case CALL_FINALLY:
                pending.Push((
                    set.Target(instruction)!.Value,
                    new StackState(state.Depth + 1, new Mark(MarkKind.ReturnAddress, state.Depth, instruction.Next, top))));
                return true;
            case POP_FINALLY:
                if (top is { Kind: MarkKind.Nothing or MarkKind.ReturnAddress or MarkKind.Handler })
                    next = new StackState(state.Depth - top.Size, top.Below);
                return true;
            case END_FINALLY:
                next = EndFinally(state, pending);
                return true;
            case END_ASYNC_FOR:
                if (top is { Kind: MarkKind.Handler })
                    next = new StackState(state.Depth - 7, top.Below);
                return true;
            case WITH_CLEANUP or WITH_CLEANUP_START:
                next = Cleanup(instruction.Op, state);
                return true;
            case WITH_CLEANUP_FINISH:
                next = state with { Depth = state.Depth - 2 };
                return true;
            case RETURN_VALUE:
                Unwind(MarkKind.Return, 0, state, pending);
                return true;
            case BREAK_LOOP:
                Unwind(MarkKind.Break, 0, state, pending);
                return true;
            case CONTINUE_LOOP:
                Unwind(MarkKind.Continue, instruction.Argument, state, pending);
                return true;
            default:
                return false;
        }
    }

    private StackState Setup(Op op, int handler, StackState state, Stack<(int Offset, StackState State)> pending)
    {
        // The result of __aenter__ lies above the block's level, as that of __enter__ will.
        int level = op == SETUP_ASYNC_WITH ? state.Depth - 1 : state.Depth;
        if (release == 207)
            pending.Push((handler, new StackState(level + 3, op == SETUP_EXCEPT ? state.Marks : new Mark(MarkKind.Raised, level, 0, state.Marks))));
        else
            pending.Push((handler, new StackState(level + 6, new Mark(MarkKind.Handler, level, 0, state.Marks))));
        MarkKind kind = op == SETUP_EXCEPT ? MarkKind.Except : MarkKind.Finally;
        return new StackState(op == SETUP_WITH ? state.Depth + 1 : state.Depth, new Mark(kind, level, handler, state.Marks));
    }

    private StackState? EndFinally(StackState state, Stack<(int Offset, StackState State)> pending)
    {
        // An except clause that did not match ends with it too: the exception goes on.
        if (state.Marks is not { } top || top.IsBlock || state.Depth != top.Level + top.Size)
            return null;
        var below = new StackState(top.Level, top.Below);
        switch (top.Kind)
        {
            case MarkKind.Nothing:
                return below;
            case MarkKind.ReturnAddress:
                pending.Push((top.Target, below));
                return null;
            case MarkKind.Return or MarkKind.Break or MarkKind.Continue:
                Unwind(top.Kind, top.Target, below, pending);
                return null;
            default:
                return null;
        }
    }

    /// <summary>
    /// Takes <c>__exit__</c> from below; up to 2.7 in one instruction, since 3.6 the exception and the result of <c>__exit__</c> are left for
    /// WITH_CLEANUP_FINISH. That an exception can be silenced makes no way of its own: it goes on where the one without does.
    /// </summary>
    private static StackState? Cleanup(Op op, StackState state)
    {
        if (state.Marks is not { } top || state.Depth != top.Level + top.Size || top.Level == 0)
            return null;
        // Of the seven values of a handler the place of __exit__ is filled with NULL, and the block's level is lowered.
        int depth = top.Kind == MarkKind.Handler ? state.Depth : state.Depth - 1;
        return new StackState(op == WITH_CLEANUP ? depth : depth + 2, top with { Level = top.Level - 1 });
    }

    /// <summary>Leaves blocks from the inside up to the one that stops it.</summary>
    private void Unwind(MarkKind why, int target, StackState state, Stack<(int Offset, StackState State)> pending)
    {
        // Since 3.8 the compiler unwinds: return, break and continue are jumps.
        if (release >= 308)
            return;
        int depth = state.Depth;
        for (Mark? mark = state.Marks; mark is not null; mark = mark.Below)
        {
            switch (mark.Kind)
            {
                case MarkKind.Finally:
                    var waiting = new Mark(why, mark.Level, target, mark.Below);
                    pending.Push((mark.Target, new StackState(mark.Level + waiting.Size, waiting)));
                    return;
                case MarkKind.Loop when why == MarkKind.Break:
                    pending.Push((mark.Target, new StackState(mark.Level, mark.Below)));
                    return;
                case MarkKind.Loop when why == MarkKind.Continue:
                    pending.Push((target, new StackState(depth, mark)));
                    return;
                default:
                    depth = mark.Level;
                    break;
            }
        }
    }
}
