using Kaa.Formats;
using Kaa.Formats.Cfi;
using Kaa.Target.Arch;

namespace Kaa.Target.Unwind;

/// <summary>Walks a C stack: by call frame information, else by frame pointers; ends with a reason where neither helps.</summary>
public sealed class NativeUnwinder
{
    private readonly IMemory _memory;
    private readonly IUnwindSource _source;
    private readonly UnwindOrigins? _origins;
    private readonly FramePointerSearch _search;
    private readonly ReturnAddressScan _scan;

    public NativeUnwinder(IMemory memory, IUnwindSource source)
        : this(memory, source, null)
    {
    }

    /// <param name="origins">Told what decides; null for nobody.</param>
    internal NativeUnwinder(IMemory memory, IUnwindSource source, UnwindOrigins? origins)
    {
        (_memory, _source, _origins) = (memory, source, origins);
        _search = new FramePointerSearch(memory, source);
        _scan = new ReturnAddressScan(memory, source);
    }

    /// <summary>Unwinds a stack that was copied; memory beside it is read as it is now.</summary>
    public static UnwoundStack Unwind(CapturedStack stack, IMemory others, IUnwindSource source)
    {
        X64Registers registers = stack.Thread.Registers ?? Parked(stack.Thread);
        UnwoundStack unwound = new NativeUnwinder(new CapturedMemory(stack, others), source).Unwind(registers);
        return unwound.EndReason is not null && stack.Cut is { } cut ? unwound with { EndReason = cut } : unwound;
    }

    public UnwoundStack Unwind(X64Registers registers)
    {
        var frames = new List<UnwoundFrame>();
        X64Registers current = registers;
        bool exact = true;
        while (frames.Count < Limits.NativeFrames)
        {
            if (current[X64Registers.Rip] is not { } rip || rip == 0)
                return new UnwoundStack(frames, null);
            var pc = new Address(rip);
            _origins?.Begin();
            Step step = TryStep(current, pc, exact);
            frames.Add(new UnwoundFrame(pc, new Address(step.Cfa), exact)
            {
                StackPointer = new Address(current[X64Registers.Rsp] ?? 0),
                Registers = current,
                Range = step.Range,
                Entry = step.Entry,
                Signal = step.Signal,
            });
            if (step.Caller is null)
                return new UnwoundStack(frames, step.EndReason, step.NeedsRegisters);

            // The stack grows downwards: a caller's frame lies above. Only a signal frame may leap (sigaltstack).
            if (!step.Signal && !(step.Caller[X64Registers.Rsp] > current[X64Registers.Rsp]))
                return new UnwoundStack(frames, "the stack does not grow: the unwind rules or the stack are damaged");
            current = step.Caller;
            exact = step.Signal;
        }

        return new UnwoundStack(frames, $"more than {Limits.NativeFrames} frames");
    }

    private static X64Registers Parked(TargetThread thread)
    {
        var registers = new X64Registers();
        registers[X64Registers.Rsp] = thread.StackPointer?.Value;
        registers[X64Registers.Rip] = thread.InstructionPointer?.Value;
        return registers;
    }

    /// <param name="Caller">Registers of the frame that called this one; null at the end.</param>
    /// <param name="Signal">The frame is a signal handler's: the caller was interrupted, its pc is exact.</param>
    private readonly record struct Step(
        X64Registers? Caller, ulong Cfa, bool Signal, string? EndReason, bool NeedsRegisters = false, Address Range = default)
    {
        public Address Entry { get; init; }
    }

    private static Step End(string reason, bool needsRegisters = false) => new(null, 0, false, reason, needsRegisters);

    private Step TryStep(X64Registers current, Address pc, bool exact)
    {
        try
        {
            // A signal may interrupt a function at its first instruction: then the pc is not behind a call. And the frame of a handler returns
            // to the first byte of its return code, which the rules begin one byte before (glibc, sysdeps/unix/sysv/linux/x86_64/libc_sigaction.c).
            Address lookup = exact ? pc : pc - 1;
            UnwindRow? row = _source.RowsFor(lookup)?.Find(lookup);
            if (row is not null)
                return ByRow(current, row);
            _origins?.Stray();
            if (SignalFrame.IsAt(_memory, pc))
                return BySignalFrame(current);
            if (exact && ThreadStart.IsAt(_memory, pc, current))
                return new Step(null, 0, false, null);
            return ByScan(current, lookup) ?? ByFramePointer(current, pc);
        }
        catch (TargetFault fault) when (fault.Reason is not (FaultReason.Budget or FaultReason.Gone))
        {
            return End(fault.Message);
        }
        catch (BadData bad)
        {
            return End("unwind rules are malformed: " + bad.Message);
        }
    }

    private Step ByRow(X64Registers current, UnwindRow row)
    {
        if (Cfa(current, row) is not { } cfa)
            return End("the frame is found by a register that is not known, since the thread was not stopped", true) with { Range = row.Start };
        if (row.CfaRegister == X64Registers.Rbp && row.CfaExpression is null)
            current[X64Registers.Rbp] = unchecked(cfa - (ulong)row.CfaOffset);
        var caller = new X64Registers();
        for (int number = 0; number < X64Registers.Count; number++)
            caller[number] = Apply(row.Rules[number], number, current, cfa);
        bool ended = row.Rules[row.ReturnColumn < UnwindRow.Columns ? row.ReturnColumn : X64Registers.Rip].Kind == UnwindRuleKind.Undefined;
        if (row.Rules[X64Registers.Rsp].Kind == UnwindRuleKind.Unspecified)
            caller[X64Registers.Rsp] = cfa;
        _origins?.Follow(row, cfa);
        return new Step(ended ? null : caller, cfa, row.SignalFrame, null, false, row.Start);
    }

    /// <summary>Null where it needs a register that is not known.</summary>
    private ulong? Cfa(X64Registers current, UnwindRow row)
    {
        if (row.CfaExpression is { } expression)
            return DwarfExpression.Evaluate(expression, current.Values, _memory, null);
        if (row.CfaRegister < 0)
            throw new BadData(".eh_frame", row.Start.Value, "a frame that is found by no register of ours");
        ulong? value = current[row.CfaRegister];
        if (value is null && row.CfaRegister == X64Registers.Rbp)
        {
            _origins?.Stray();
            value = _search.Find(current, row);
        }

        return value is { } known ? unchecked(known + (ulong)row.CfaOffset) : null;
    }

    private ulong? Apply(UnwindRule rule, int number, X64Registers current, ulong cfa) => rule.Kind switch
    {
        UnwindRuleKind.Unspecified => X64Registers.IsCalleeSaved(number) ? current[number] : null,
        UnwindRuleKind.SameValue => current[number],
        UnwindRuleKind.Offset => _memory.Read<ulong>(new Address(cfa) + rule.Value),
        UnwindRuleKind.ValueOffset => unchecked(cfa + (ulong)rule.Value),
        UnwindRuleKind.Register => rule.Value is >= 0 and < X64Registers.Count ? current[(int)rule.Value] : null,
        UnwindRuleKind.Expression =>
            _memory.Read<ulong>(new Address(DwarfExpression.Evaluate(rule.Expression!, current.Values, _memory, cfa))),
        UnwindRuleKind.ValueExpression => DwarfExpression.Evaluate(rule.Expression!, current.Values, _memory, cfa),
        _ => null,
    };

    private Step BySignalFrame(X64Registers current)
    {
        if (current[X64Registers.Rsp] is not { } stack)
            return End("the stack pointer is not known");
        X64Registers interrupted = SignalFrame.Interrupted(_memory, new Address(stack));
        return new Step(interrupted, stack, true, null);
    }

    /// <summary>Code without rules: the call of this function is sought on the stack.</summary>
    private Step? ByScan(X64Registers current, Address lookup)
    {
        if (current[X64Registers.Rsp] is not { } rsp || _scan.Find(lookup, rsp) is not { } caller)
            return null;
        X64Registers registers = ReturnAddressScan.Registers(caller);
        return new Step(registers, registers[X64Registers.Rsp]!.Value, false, null) { Entry = caller.Entry };
    }

    /// <summary>Code without rules: rbp points at the caller's rbp, the return address above it, where frame pointers are kept.</summary>
    private Step ByFramePointer(X64Registers current, Address pc)
    {
        string where = _source.IsCode(pc) ? "no unwind rules for " + pc : "no code at " + pc;
        if (current[X64Registers.Rbp] is not { } rbp)
            return End(where + ", and no frame pointer is known", true);
        if (current[X64Registers.Rsp] is not { } rsp || rbp < rsp || (rbp & 7) != 0)
            return End(where);
        ulong saved = _memory.Read<ulong>(new Address(rbp));
        ulong back = _memory.Read<ulong>(new Address(rbp) + 8);
        if (!_source.IsCode(new Address(back)))
            return End(where);
        var caller = new X64Registers();
        caller[X64Registers.Rbp] = saved;
        caller[X64Registers.Rsp] = rbp + 16;
        caller[X64Registers.Rip] = back;
        return new Step(caller, rbp + 16, false, null);
    }
}
