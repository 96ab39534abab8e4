using Kaa.Formats;
using Kaa.Formats.Cfi;
using Kaa.Target.Arch;

namespace Kaa.Target.Unwind;

/// <summary>
/// Notes while a stack is unwound where each frame's registers came from, and which words and registers decided where frames lie: another one among the others changes what a register
/// holds, and no frame.
/// </summary>
internal sealed class UnwindOrigins
{
    /// <summary>What a call keeps, and so is carried from frame to frame.</summary>
    public static readonly int[] Carried = [X64Registers.Rbx, X64Registers.Rbp, 12, 13, 14, 15];

    private readonly List<Origin[]> _frames = [];
    private Origin[] _current = [.. Carried.Select(number => new Origin(number, null))];

    /// <summary>Where return addresses lay, and what frames were found by.</summary>
    public List<Address> Words { get; } = [];

    /// <summary>Of the thread; beside its stack pointer and its instruction pointer.</summary>
    public List<int> Registers { get; } = [];

    /// <summary>Something else decided: an expression, or a search.</summary>
    public bool IsIrregular { get; private set; }

    /// <summary>By frame: where its registers of <see cref="Carried"/> are from.</summary>
    public IReadOnlyList<Origin[]> Frames => _frames;

    /// <param name="Register">Of the thread, where <paramref name="Word"/> is null; −1: it is known from the frame itself, or not at all.</param>
    /// <param name="Word">Where on the stack it was saved.</param>
    public readonly record struct Origin(int Register, Address? Word);

    /// <summary>A frame begins, with the registers as they are by now.</summary>
    public void Begin() => _frames.Add(_current);

    /// <summary>The rest was found by something else than a row of plain rules.</summary>
    public void Stray() => IsIrregular = true;

    /// <summary>The newest frame was found and left by these rules.</summary>
    public void Follow(UnwindRow row, ulong cfa)
    {
        if (row.CfaExpression is not null)
            Stray();
        else if (row.CfaRegister != X64Registers.Rsp)
            Decide(row.CfaRegister);
        var next = new Origin[Carried.Length];
        for (int i = 0; i < Carried.Length; i++)
            next[i] = Next(row.Rules[Carried[i]], _current[i], cfa);
        Return(row, cfa);
        _current = next;
    }

    private void Decide(int register)
    {
        int place = Array.IndexOf(Carried, register);
        if (place < 0)
            Stray();
        else if (_current[place] is { Word: { } word })
            Words.Add(word);
        else if (_current[place] is { Register: >= 0 and var its })
            Registers.Add(its);
    }

    private Origin Next(UnwindRule rule, Origin now, ulong cfa)
    {
        switch (rule.Kind)
        {
            case UnwindRuleKind.Unspecified or UnwindRuleKind.SameValue:
                return now;
            case UnwindRuleKind.Offset:
                return new Origin(-1, new Address(cfa) + rule.Value);
            case UnwindRuleKind.Undefined:
                return new Origin(-1, null);
            default:
                Stray();
                return new Origin(-1, null);
        }
    }

    private void Return(UnwindRow row, ulong cfa)
    {
        UnwindRule rule = row.Rules[X64Registers.Rip];
        if (rule.Kind == UnwindRuleKind.Offset)
            Words.Add(new Address(cfa) + rule.Value);
        else if (rule.Kind != UnwindRuleKind.Undefined)
            Stray();
        if (row.Rules[X64Registers.Rsp].Kind is not (UnwindRuleKind.Unspecified or UnwindRuleKind.ValueOffset))
            Stray();
    }
}
