namespace Kaa.Target.Arch;

/// <summary>General registers of one x86-64 thread by DWARF number (System V ABI for AMD64, figure 3.36).</summary>
public sealed class X64Registers
{
    public const int Rbx = 3;
    public const int Rbp = 6;
    public const int Rsp = 7;
    public const int Rip = 16;
    public const int Count = 17;

    /// <summary>Null where a caller's value is not known: registers that a call may change.</summary>
    public ulong?[] Values { get; } = new ulong?[Count];

    public ulong? this[int number]
    {
        get => Values[number];
        set => Values[number] = value;
    }

    /// <summary>rbx, rbp and r12–r15 keep their value over a call (System V ABI, 3.2.1).</summary>
    public static bool IsCalleeSaved(int number) => number is Rbx or Rbp or (>= 12 and <= 15);
}
