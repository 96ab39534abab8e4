using Kaa.Formats;
using Kaa.Formats.Cfi;
using Kaa.Target.Arch;

namespace Kaa.Target.Unwind;

/// <summary>Which unwind rules cover an address, and whether code lies there at all.</summary>
public interface IUnwindSource
{
    IUnwindRows? RowsFor(Address pc);

    bool IsCode(Address pc);
}

/// <summary>One C frame.</summary>
/// <param name="Pc">Where it stands: the return address for all but the innermost and signal frames.</param>
/// <param name="Cfa">Its canonical frame address: the stack pointer before the call that made it.</param>
/// <param name="ExactPc">True where <see cref="Pc"/> is the instruction itself and not a return address behind a call.</param>
public readonly record struct UnwoundFrame(Address Pc, Address Cfa, bool ExactPc)
{
    /// <summary>An address inside of the instruction that is being executed, for looking up names and lines.</summary>
    public Address LookupPc => ExactPc ? Pc : Pc - 1;
}

/// <param name="EndReason">Why it ends before the thread's first function; null where it got there.</param>
public sealed record UnwoundStack(IReadOnlyList<UnwoundFrame> Frames, string? EndReason);

/// <summary>Walks a C stack: by call frame information, else by frame pointers; ends with a reason where neither helps.</summary>
public sealed class NativeUnwinder(IMemory memory, IUnwindSource source)
{
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
            Step step = TryStep(current, pc, exact);
            frames.Add(new UnwoundFrame(pc, new Address(step.Cfa ?? 0), exact));
            if (step.Caller is null)
                return new UnwoundStack(frames, step.EndReason);

            // The stack grows downwards: a caller's frame lies above. Only a signal frame may leap (sigaltstack).
            if (!step.Signal && step.Caller[X64Registers.Rsp] <= current[X64Registers.Rsp])
                return new UnwoundStack(frames, "the stack does not grow: the unwind rules or the stack are damaged");
            current = step.Caller;
            exact = step.Signal;
        }

        return new UnwoundStack(frames, $"more than {Limits.NativeFrames} frames");
    }

    /// <param name="Signal">The frame is a signal handler's: the caller was interrupted, its pc is exact.</param>
    private readonly record struct Step(X64Registers? Caller, ulong? Cfa, bool Signal, string? EndReason);

    private Step TryStep(X64Registers current, Address pc, bool exact)
    {
        try
        {
            UnwindRow? row = source.RowsFor(exact ? pc : pc - 1)?.Find(exact ? pc : pc - 1);
            return row is null ? ByFramePointer(current, pc) : ByRow(current, row);
        }
        catch (TargetFault fault) when (fault.Reason is not (FaultReason.Budget or FaultReason.Gone))
        {
            return new Step(null, null, false, fault.Message);
        }
        catch (BadData bad)
        {
            return new Step(null, null, false, "unwind rules are malformed: " + bad.Message);
        }
    }

    private Step ByRow(X64Registers current, UnwindRow row)
    {
        ulong cfa = row.CfaExpression is { } expression
            ? DwarfExpression.Evaluate(expression, current.Values, memory, null)
            : unchecked(Known(current, row.CfaRegister) + (ulong)row.CfaOffset);
        var caller = new X64Registers();
        for (int number = 0; number < X64Registers.Count; number++)
            caller[number] = Apply(row.Rules[number], number, current, cfa);
        bool ended = row.Rules[row.ReturnColumn < UnwindRow.Columns ? row.ReturnColumn : X64Registers.Rip].Kind == UnwindRuleKind.Undefined;
        if (row.Rules[X64Registers.Rsp].Kind == UnwindRuleKind.Unspecified)
            caller[X64Registers.Rsp] = cfa;
        return ended
            ? new Step(null, cfa, false, null)
            : new Step(caller, cfa, row.SignalFrame, null);
    }

    private ulong? Apply(UnwindRule rule, int number, X64Registers current, ulong cfa) => rule.Kind switch
    {
        UnwindRuleKind.Unspecified => X64Registers.IsCalleeSaved(number) ? current[number] : null,
        UnwindRuleKind.SameValue => current[number],
        UnwindRuleKind.Offset => memory.Read<ulong>(new Address(cfa) + rule.Value),
        UnwindRuleKind.ValueOffset => unchecked(cfa + (ulong)rule.Value),
        UnwindRuleKind.Register => rule.Value is >= 0 and < X64Registers.Count ? current[(int)rule.Value] : null,
        UnwindRuleKind.Expression =>
            memory.Read<ulong>(new Address(DwarfExpression.Evaluate(rule.Expression!, current.Values, memory, cfa))),
        UnwindRuleKind.ValueExpression => DwarfExpression.Evaluate(rule.Expression!, current.Values, memory, cfa),
        _ => null,
    };

    private static ulong Known(X64Registers registers, int number) =>
        number >= 0 && registers[number] is { } value
            ? value
            : throw new BadData(".eh_frame", number, "the register that the frame is found by is not known");

    /// <summary>Code without rules: rbp points at the caller's rbp, the return address above it, where frame pointers are kept.</summary>
    private Step ByFramePointer(X64Registers current, Address pc)
    {
        string where = source.IsCode(pc) ? "no unwind rules for " + pc : "no code at " + pc;
        if (current[X64Registers.Rbp] is not { } rbp || current[X64Registers.Rsp] is not { } rsp || rbp < rsp || (rbp & 7) != 0)
            return new Step(null, null, false, where);
        ulong saved = memory.Read<ulong>(new Address(rbp));
        ulong back = memory.Read<ulong>(new Address(rbp) + 8);
        if (!source.IsCode(new Address(back)))
            return new Step(null, null, false, where);
        var caller = new X64Registers();
        caller[X64Registers.Rbp] = saved;
        caller[X64Registers.Rsp] = rbp + 16;
        caller[X64Registers.Rip] = back;
        return new Step(caller, rbp + 16, false, null);
    }
}
