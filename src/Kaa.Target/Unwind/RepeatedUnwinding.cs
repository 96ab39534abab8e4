using System.Runtime.InteropServices;
using Kaa.Formats;
using Kaa.Target.Arch;

namespace Kaa.Target.Unwind;

/// <summary>
/// Unwinds stacks of one thread that are mostly alike: where all registers and words of the stack are the same that decided where the last one's frames lie, its frames are the same
/// too, as rules do not change while a module is loaded. What else was saved on the stack is read from the new one when it is asked for. An answer is right until the next one is
/// wanted. Not safe for two threads at once.
/// </summary>
public sealed class RepeatedUnwinding
{
    private const int MostFailures = 8;

    // Those that an unwinder carries from frame to frame: what the calling convention keeps, the stack pointer, and the instruction pointer.
    private static readonly int[] s_kept = [.. UnwindOrigins.Carried, X64Registers.Rsp, X64Registers.Rip];

    private readonly List<(int Offset, ulong Word)> _words = [];
    private readonly List<(int Number, ulong? Value)> _registers = [];
    private IUnwindSource? _source;
    private Address _start;
    private UnwoundStack? _last;
    private SavedRegisters? _saved;
    private int _failures;

    /// <summary>As <see cref="NativeUnwinder.Unwind(CapturedStack, IMemory, IUnwindSource)"/>.</summary>
    public UnwoundStack Unwind(CapturedStack stack, IMemory others, IUnwindSource source)
    {
        if (stack.Thread.Registers is not { } registers || stack.Interrupted is not null)
            return NativeUnwinder.Unwind(stack, others, source);
        if (_last is { } last && _source == source && IsSame(stack, registers))
        {
            _saved?.Take(stack, registers);
            return last;
        }

        if (_failures < MostFailures && TryLearn(stack, registers, others, source) is { } learnt)
            return learnt;
        _failures++;
        return NativeUnwinder.Unwind(stack, others, source);
    }

    /// <summary>Null where more decides than what is noted: other registers, memory beside the stack.</summary>
    private UnwoundStack? TryLearn(CapturedStack stack, X64Registers registers, IMemory others, IUnwindSource source)
    {
        _words.Clear();
        _registers.Clear();
        (_source, _start, _saved) = (source, stack.Start, null);
        var known = new X64Registers();
        foreach (int number in s_kept)
            known[number] = registers[number];
        var origins = new UnwindOrigins();
        var memory = new NotingMemory(new CapturedMemory(stack, others), stack, _words);
        UnwoundStack unwound = new NativeUnwinder(memory, source, origins).Unwind(known);
        _last = memory.HasReadOthers || unwound.EndReason is not null ? null : unwound;
        if (_last is null)
            return null;
        _failures = 0;
        _registers.AddRange(s_kept.Select(number => (number, registers[number])));
        if (!origins.IsIrregular)
            _last = Loosen(stack, registers, origins, unwound);
        return _last;
    }

    /// <summary>Only what decided has to be the same.</summary>
    private UnwoundStack Loosen(CapturedStack stack, X64Registers registers, UnwindOrigins origins, UnwoundStack unwound)
    {
        _words.RemoveAll(word => !origins.Words.Contains(stack.Start + word.Offset));
        _registers.RemoveAll(one => one.Number is not (X64Registers.Rsp or X64Registers.Rip) && !origins.Registers.Contains(one.Number));
        _saved = new SavedRegisters([.. unwound.Frames.Select(frame => frame.Registers)], origins.Frames);
        _saved.Take(stack, registers);
        return unwound with { Frames = [.. unwound.Frames.Select((frame, i) => frame with { Saved = _saved, Place = i })] };
    }

    private bool IsSame(CapturedStack stack, X64Registers registers)
    {
        if (stack.Start != _start)
            return false;
        foreach ((int number, ulong? value) in _registers)
        {
            if (registers[number] != value)
                return false;
        }

        ReadOnlySpan<byte> bytes = stack.Bytes.Span;
        foreach ((int offset, ulong word) in _words)
        {
            if (offset + sizeof(ulong) > bytes.Length || MemoryMarshal.Read<ulong>(bytes[offset..]) != word)
                return false;
        }

        return _saved?.IsWithin(stack) != false;
    }

    /// <summary>Notes the words of the stack that are read, and whether anything else is.</summary>
    private sealed class NotingMemory(CapturedMemory memory, CapturedStack stack, List<(int Offset, ulong Word)> words) : IMemory
    {
        public bool HasReadOthers { get; private set; }

        public int Read(Address address, Span<byte> buffer)
        {
            int got = memory.Read(address, buffer);
            long offset = address - stack.Start;
            if (got == sizeof(ulong) && buffer.Length == sizeof(ulong) && offset >= 0 && offset <= stack.Bytes.Length - sizeof(ulong))
                words.Add(((int)offset, MemoryMarshal.Read<ulong>(buffer)));
            else
                HasReadOthers = true;
            return got;
        }
    }
}

/// <summary>Registers of frames whose places are known, from a stack like the one by which they were found.</summary>
internal sealed class SavedRegisters(IReadOnlyList<X64Registers?> first, IReadOnlyList<UnwindOrigins.Origin[]> origins)
{
    private readonly long _end = origins.SelectMany(all => all).Max(origin => origin.Word is { } word ? (long)word.Value + sizeof(ulong) : 0);
    private CapturedStack? _stack;
    private X64Registers? _thread;

    /// <summary>From now on they are read there.</summary>
    public void Take(CapturedStack stack, X64Registers thread) => (_stack, _thread) = (stack, thread);

    public bool IsWithin(CapturedStack stack) => _end <= (long)stack.Start.Value + stack.Bytes.Length;

    public X64Registers? Of(int frame)
    {
        if (first[frame] is not { } found)
            return null;
        var registers = new X64Registers();
        for (int number = 0; number < X64Registers.Count; number++)
            registers[number] = found[number];
        for (int i = 0; i < UnwindOrigins.Carried.Length; i++)
        {
            int number = UnwindOrigins.Carried[i];
            if (origins[frame][i] is { Word: { } word })
                registers[number] = MemoryMarshal.Read<ulong>(_stack!.Bytes.Span[(int)(word - _stack.Start)..]);
            else if (origins[frame][i] is { Register: >= 0 and var its })
                registers[number] = _thread![its];
        }

        return registers;
    }
}
