namespace Kaa.Control.Conditions;

/// <summary>Registers by their names, and arguments by the calling convention (System V ABI for x86-64, 3.2.3).</summary>
internal static class ConditionRegisters
{
    // By their numbers in DWARF (the same document, figure 3.36).
    private static readonly string[] Names =
        ["rax", "rdx", "rcx", "rbx", "rsi", "rdi", "rbp", "rsp", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "rip"];

    private static readonly string[] LowHalves = ["eax", "edx", "ecx", "ebx", "esi", "edi", "ebp", "esp"];

    private static readonly int[] Arguments = [5, 4, 1, 2, 8, 9];

    /// <summary>Null for a name of no register.</summary>
    public static ConditionNode? Find(string name)
    {
        int number = Array.IndexOf(Names, name);
        if (number < 0 && name is "pc" or "sp" or "fp")
            number = name == "pc" ? 16 : name == "sp" ? 7 : 6;
        if (number >= 0)
            return new RegisterNode(number);
        int low = Array.IndexOf(LowHalves, name);
        if (low < 0 && name.EndsWith('d'))
            low = Array.IndexOf(Names, name[..^1]) is >= 8 and < 16 and int high ? high : -1;
        return low < 0 ? null : new CutNode(new RegisterNode(low), 4, Signed: true);
    }

    /// <summary><c>arg0</c> to <c>arg5</c>; null for another name.</summary>
    public static ConditionNode? Argument(string name) =>
        name.Length == 4 && name.StartsWith("arg", StringComparison.Ordinal) && name[3] is >= '0' and <= '5'
            ? new RegisterNode(Arguments[name[3] - '0'])
            : null;
}
