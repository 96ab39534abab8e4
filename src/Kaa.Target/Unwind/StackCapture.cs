using Kaa.Formats;
using Kaa.Formats.ProcText;
using Kaa.Results;

namespace Kaa.Target.Unwind;

/// <summary>
/// Copies the C stacks of the threads that a look wants, from the stack pointer upwards, while they stand still. They are unwound
/// afterwards. Of a thread that handles a signal on a stack of its own (sigaltstack) the interrupted one is copied too. A later pass replaces what an earlier one copied of a thread.
/// </summary>
public sealed class StackCapture(ObservedTarget target)
{
    /// <summary>What is asked for first where it is not known how far the stack reaches.</summary>
    private const int SmallPiece = 64 << 10;

    /// <summary>What is asked for at a time: between two pieces it is seen whether the time is up.</summary>
    private const int LargePiece = 1 << 20;

    private const int Word = 8;

    /// <summary>Where a frame that led to an alternate stack is sought: such stacks are small.</summary>
    private const int AlternateSearch = 256 << 10;
    private const int MostStacks = 3;

    private readonly Dictionary<int, CapturedStack> _stacks = [];
    private readonly HashSet<int> _missed = [];
    private long _total;

    /// <summary>By tid. Threads that have no stack pointer (they ran and were not stopped) are not in it.</summary>
    public IReadOnlyDictionary<int, CapturedStack> Stacks => _stacks;

    /// <summary>Threads that ran and had not stopped in time: the kernel did not tell their stack pointers.</summary>
    public IReadOnlySet<int> Missed => _missed;

    /// <summary>Called during a look.</summary>
    public void Read(Look look)
    {
        foreach (TargetThread thread in look.Threads)
        {
            if (!look.Wants(thread.Tid))
                continue;
            Forget(thread.Tid);
            _missed.Remove(thread.Tid);
            if (thread.StackPointer is { IsNull: false } pointer)
                Keep(Copy(look.Memory, thread, pointer, MostStacks));
            else if (thread.State == ThreadState.Running)
                _missed.Add(thread.Tid);
        }
    }

    private void Forget(int tid)
    {
        if (_stacks.Remove(tid, out CapturedStack? old))
            _total -= old.Length;
    }

    private void Keep(CapturedStack stack)
    {
        _stacks[stack.Thread.Tid] = stack;
        _total += stack.Length;
    }

    private CapturedStack Copy(IMemory memory, TargetThread thread, Address pointer, int most)
    {
        var start = new Address(pointer.Value & ~(ulong)(Word - 1));
        long room = Math.Min(Limits.StackCopy, Limits.StackCopies - _total);

        // A stack that was not mapped, or not yet as large, when the mappings were read, ends at the first hole.
        Mapping? mapping = target.Modules.FindMapping(start);
        long length = mapping is { } known ? Math.Min(known.End - start, room) : room;
        byte[] bytes = GC.AllocateUninitializedArray<byte>((int)Math.Min(length, mapping is null ? SmallPiece : LargePiece));
        int done = 0;
        AlternateStack? alternate = null;
        string? cut = null;
        try
        {
            done = memory.Read(start, bytes);
            alternate = most > 1 ? SignalFrame.FindAlternate(bytes.AsSpan(0, Math.Min(done, AlternateSearch)), start) : null;
            if (alternate is { } found)
                done = (int)Math.Min(done, found.End - start);
            else if (done == bytes.Length)
                done = ReadRest(memory, start, length, ref bytes);
            cut = done == room ? "the stack is larger than what Kaa copies of it" : null;
        }
        catch (TargetFault fault) when (fault.Reason != FaultReason.Gone)
        {
            cut = fault.Message;
        }

        var stack = new CapturedStack(thread, start, bytes.AsMemory(0, done), cut);
        return alternate is { } frame ? stack with { Interrupted = Copy(memory, thread, frame.Interrupted, most - 1) } : stack;
    }

    /// <summary>Gives how much there is in all.</summary>
    private static int ReadRest(IMemory memory, Address start, long length, ref byte[] bytes)
    {
        int done = bytes.Length;
        while (done < length)
        {
            if (done == bytes.Length)
                Array.Resize(ref bytes, (int)Math.Min(length, bytes.Length * 2L));
            int wanted = Math.Min(bytes.Length - done, LargePiece);
            int got = memory.Read(start + done, bytes.AsSpan(done, wanted));
            done += got;
            if (got < wanted)
                break;
        }

        return done;
    }
}
