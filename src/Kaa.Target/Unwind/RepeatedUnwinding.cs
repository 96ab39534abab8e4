using System.Runtime.InteropServices;
using Kaa.Formats;
using Kaa.Target.Arch;

namespace Kaa.Target.Unwind;

/// <summary>
/// Unwinds stacks of one thread that are mostly alike: where all registers and all words of the stack are the same that the last one was unwound by, what came of it is the
/// same too. Nothing else decides, as rules do not change while a module is loaded. Not safe for two threads at once.
/// </summary>
public sealed class RepeatedUnwinding
{
    private const int MostFailures = 8;

    // Those that an unwinder carries from frame to frame: what the calling convention keeps, the stack pointer, and the instruction pointer.
    private static readonly int[] s_kept = [X64Registers.Rbx, X64Registers.Rbp, X64Registers.Rsp, 12, 13, 14, 15, X64Registers.Rip];

    private readonly List<(int Offset, ulong Word)> _words = [];
    private readonly ulong?[] _registers = new ulong?[s_kept.Length];
    private IUnwindSource? _source;
    private Address _start;
    private UnwoundStack? _last;
    private int _failures;

    /// <summary>As <see cref="NativeUnwinder.Unwind(CapturedStack, IMemory, IUnwindSource)"/>.</summary>
    public UnwoundStack Unwind(CapturedStack stack, IMemory others, IUnwindSource source)
    {
        if (stack.Thread.Registers is not { } registers || stack.Interrupted is not null)
            return NativeUnwinder.Unwind(stack, others, source);
        if (_last is { } last && _source == source && IsSame(stack, registers))
            return last;
        if (_failures < MostFailures && TryLearn(stack, registers, others, source) is { } learnt)
            return learnt;
        _failures++;
        return NativeUnwinder.Unwind(stack, others, source);
    }

    /// <summary>Null where more decides than what is noted: other registers, memory beside the stack.</summary>
    private UnwoundStack? TryLearn(CapturedStack stack, X64Registers registers, IMemory others, IUnwindSource source)
    {
        _words.Clear();
        (_source, _start) = (source, stack.Start);
        var known = new X64Registers();
        for (int i = 0; i < s_kept.Length; i++)
            known[s_kept[i]] = _registers[i] = registers[s_kept[i]];
        var memory = new NotingMemory(new CapturedMemory(stack, others), stack, _words);
        UnwoundStack unwound = new NativeUnwinder(memory, source).Unwind(known);
        _last = memory.HasReadOthers || unwound.EndReason is not null ? null : unwound;
        _failures = _last is null ? _failures : 0;
        return _last;
    }

    private bool IsSame(CapturedStack stack, X64Registers registers)
    {
        if (stack.Start != _start)
            return false;
        for (int i = 0; i < s_kept.Length; i++)
        {
            if (registers[s_kept[i]] != _registers[i])
                return false;
        }

        ReadOnlySpan<byte> bytes = stack.Bytes.Span;
        foreach ((int offset, ulong word) in _words)
        {
            if (offset + sizeof(ulong) > bytes.Length || MemoryMarshal.Read<ulong>(bytes[offset..]) != word)
                return false;
        }

        return true;
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
