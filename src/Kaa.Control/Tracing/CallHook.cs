using Kaa.Control.Agent;
using Kaa.Control.Tracing.Decoding;

namespace Kaa.Control.Tracing;

/// <summary>A function that is traced, and how its arguments are shown.</summary>
internal sealed class CallHook
{
    private const int MostTexts = 2;
    private static readonly int[] s_registers = [5, 4, 1, 2, 8, 9]; // rdi, rsi, rdx, rcx, r8, r9: the calling convention, by DWARF's numbers

    private CallHook(FoundFunction function, Signature signature, IReadOnlyList<int> texts)
    {
        Function = function;
        Signature = signature;
        Texts = texts;
    }

    public FoundFunction Function { get; }

    public Signature Signature { get; }

    /// <summary>Registers whose texts are to come with the event.</summary>
    public IReadOnlyList<int> Texts { get; }

    public static CallHook Of(FoundFunction function)
    {
        Signature signature = SignatureOf(function);
        var texts = new List<int>();
        for (int i = 0; i < signature.Parameters.Count && i < s_registers.Length; i++)
        {
            if (signature.Parameters[i].Kind is ArgumentKind.Path or ArgumentKind.Text && texts.Count < MostTexts)
                texts.Add(s_registers[i]);
        }

        return new CallHook(function, signature, texts);
    }

    public static void Arguments(in AgentRegisters registers, Span<ulong> arguments)
    {
        for (int i = 0; i < arguments.Length; i++)
            arguments[i] = registers[s_registers[i]];
    }

    /// <summary>Names that a library gives its own functions (<c>__open64</c>, <c>__libc_read</c>) are those of the public ones.</summary>
    private static Signature SignatureOf(FoundFunction function)
    {
        if (Known(function.Name) is { } own)
            return own;
        foreach (string alias in function.Aliases)
        {
            if (Known(alias) is { } known)
                return known with { Name = function.Name };
        }

        return Signature.Unknown(function.Name);
    }

    private static Signature? Known(string name)
    {
        string plain = name.StartsWith("__libc_", StringComparison.Ordinal) ? name["__libc_".Length..] : name.TrimStart('_').Length > 0 && name.StartsWith("__", StringComparison.Ordinal) ? name.TrimStart('_') : name;
        Signature? known = Signature.Find(FunctionSignatures.Text, plain) ?? Signature.Find(SyscallSignatures.Text, plain);
        return known is null ? null : known with { Name = name };
    }
}
