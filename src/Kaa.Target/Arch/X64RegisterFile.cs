namespace Kaa.Target.Arch;

/// <summary>
/// All registers of a stopped thread as gdb names them: the words of struct user_regs_struct (arch/x86/include/asm/user_64.h), or only those that are known of
/// a thread that sleeps on, or of a caller's frame.
/// </summary>
public sealed class X64RegisterFile
{
    /// <summary>Words of struct user_regs_struct.</summary>
    public const int Words = 27;

    /// <summary>In the order in which gdb lists them, by where each stands in the struct.</summary>
    private static readonly (string Name, byte Word, byte Size)[] s_order =
    [
        ("rax", 10, 8), ("rbx", 5, 8), ("rcx", 11, 8), ("rdx", 12, 8), ("rsi", 13, 8), ("rdi", 14, 8), ("rbp", 4, 8), ("rsp", 19, 8), ("r8", 9, 8), ("r9", 8, 8),
        ("r10", 7, 8), ("r11", 6, 8), ("r12", 3, 8), ("r13", 2, 8), ("r14", 1, 8), ("r15", 0, 8), ("rip", 16, 8), ("eflags", 18, 4), ("cs", 17, 4), ("ss", 20, 4),
        ("ds", 23, 4), ("es", 24, 4), ("fs", 25, 4), ("gs", 26, 4), ("fs_base", 21, 8), ("gs_base", 22, 8),
    ];

    /// <summary>orig_rax: the number of the system call; gdb does not list it among the general ones.</summary>
    private const int OriginalRax = 15;

    private readonly ulong?[] _words = new ulong?[Words];

    /// <param name="words">All 27, as PTRACE_GETREGS or a core's NT_PRSTATUS has them.</param>
    public X64RegisterFile(ReadOnlySpan<ulong> words)
    {
        for (int i = 0; i < Math.Min(words.Length, Words); i++)
            _words[i] = words[i];
    }

    /// <summary>The general ones of a frame, as far as unwinding knows them; and what a frame does not change (segments) of its thread.</summary>
    public X64RegisterFile(X64Registers general, X64RegisterFile? thread)
    {
        for (int i = 17; i < Words && thread is not null; i++)
            _words[i] = thread._words[i];
        for (int number = 0; number < X64Registers.Count; number++)
            _words[WordOf(number)] = general[number];
    }

    /// <summary>Names in gdb's order.</summary>
    public static IEnumerable<string> Names
    {
        get
        {
            foreach ((string name, _, _) in s_order)
                yield return name;
        }
    }

    /// <summary>By gdb's name, those of parts (eax, ax, al, ah, r8d, r8w, r8l) and pc, sp, fp too; null where it is not known or is no register.</summary>
    public ulong? this[string name] => Find(name) is { } place ? Part(_words[place.Word], place) : null;

    /// <summary>Size in bytes of a register; null where there is none of that name.</summary>
    public static int? SizeOf(string name) => Find(name)?.Size;

    /// <summary>The general ones by DWARF number.</summary>
    public X64Registers General()
    {
        var general = new X64Registers();
        for (int number = 0; number < X64Registers.Count; number++)
            general[number] = _words[WordOf(number)];
        return general;
    }

    /// <summary>Changes a general register, the instruction pointer or the flags, or a part of one, in struct user_regs_struct; false for all others.</summary>
    public static bool TrySet(Span<ulong> words, string name, ulong value)
    {
        if (Find(name) is not { } place || place.Word is OriginalRax or 17 or > 19)
            return false;
        ulong mask = place.Size == 8 ? ulong.MaxValue : ((1ul << (place.Size * 8)) - 1) << place.Shift;
        words[place.Word] = (words[place.Word] & ~mask) | (value << place.Shift & mask);
        return true;
    }

    /// <summary>Flags as gdb writes them: <c>[ ZF PF ]</c>.</summary>
    public static string Flags(ulong value)
    {
        // Bit numbers of EFLAGS (Intel's manual, volume 1, 3.4.3).
        (int Bit, string Name)[] names =
            [(0, "CF"), (2, "PF"), (4, "AF"), (6, "ZF"), (7, "SF"), (8, "TF"), (9, "IF"), (10, "DF"), (11, "OF"), (14, "NT"), (16, "RF"), (17, "VM"), (18, "AC")];
        var text = new System.Text.StringBuilder("[ ");
        foreach ((int bit, string name) in names)
        {
            if ((value >> bit & 1) != 0)
                text.Append(name).Append(' ');
        }

        return text.Append(']').ToString();
    }

    /// <summary>Where each stands by DWARF number: rax rdx rcx rbx rsi rdi rbp rsp r8–r15 rip.</summary>
    private static int WordOf(int number) => ((ReadOnlySpan<byte>)[10, 12, 11, 5, 13, 14, 4, 19, 9, 8, 7, 6, 3, 2, 1, 0, 16])[number];

    private readonly record struct Place(int Word, int Shift, int Size);

    private static Place? Find(string name)
    {
        name = name switch { "pc" => "rip", "sp" => "rsp", "fp" => "rbp", _ => name };
        foreach ((string known, byte word, byte size) in s_order)
        {
            if (known == name)
                return new Place(word, 0, size);
        }

        return name == "orig_rax" ? new Place(OriginalRax, 0, 8) : FindPart(name);
    }

    private static Place? FindPart(string name)
    {
        // r8d, r8w, r8l.
        if (name.Length is 3 or 4 && name[0] == 'r' && char.IsAsciiDigit(name[1]) && "dwl".Contains(name[^1]) && Find(name[..^1]) is { Size: 8 } numbered)
            return numbered with { Size = name[^1] == 'd' ? 4 : name[^1] == 'w' ? 2 : 1 };
        if (name.Length == 3 && name[0] == 'e' && Find("r" + name[1..]) is { Size: 8 } half)
            return half with { Size = 4 };
        if (name.Length == 2 && name[1] is 'x' or 'i' or 'p' && Find("r" + name) is { Size: 8 } low)
            return low with { Size = 2 };
        if (name.Length == 2 && name[0] is >= 'a' and <= 'd' && name[1] is 'l' or 'h' && Find("r" + name[..1] + "x") is { } letter)
            return letter with { Size = 1, Shift = name[1] == 'h' ? 8 : 0 };
        return name is "sil" or "dil" or "bpl" or "spl" && Find("r" + name[..2]) is { } byteOf ? byteOf with { Size = 1 } : null;
    }

    private static ulong? Part(ulong? word, Place place) =>
        word is not { } value ? null : place.Size == 8 ? value : value >> place.Shift & ((1ul << (place.Size * 8)) - 1);
}
