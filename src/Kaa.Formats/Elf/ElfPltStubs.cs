using System.Buffers.Binary;

namespace Kaa.Formats.Elf;

/// <summary>
/// Procedure linkage stubs of x86-64, by their code: each jumps through a word of the GOT, and the relocation of that word names the
/// function. So no section headers are needed. Layouts: the psABI's chapter on dynamic linking, and ld's elf64-x86-64.c (.plt, .plt.sec, .plt.got).
/// </summary>
internal sealed class ElfPltStubs(IMemory memory, ElfDynamic dynamic, ulong bias, ElfSymbolTable symbols)
{
    private const int StubSize = 16;
    private const int ShortStubSize = 8;
    private const int RelocationSize = 24;
    private const int PieceEntries = 128;

    // R_X86_64_GLOB_DAT, R_X86_64_JUMP_SLOT.
    private const uint GlobalData = 6;
    private const uint JumpSlot = 7;

    private Dictionary<ulong, uint>? _jumpSlots;
    private Dictionary<ulong, uint>? _otherSlots;

    public string? NameAt(Address address)
    {
        Span<byte> code = stackalloc byte[StubSize];
        var start = new Address(address.Value & ~(ulong)(StubSize - 1));
        if (memory.TryReadExactly(start, code) && SlotOf(code, start) is { } slot && NameOf(slot) is { } name)
            return name;
        start = new Address(address.Value & ~(ulong)(ShortStubSize - 1));
        code = code[..ShortStubSize];
        return memory.TryReadExactly(start, code) && ShortSlotOf(code, start) is { } other ? NameOf(other) : null;
    }

    /// <summary>Link-time address of the GOT word of a stub of 16 bytes.</summary>
    private ulong? SlotOf(ReadOnlySpan<byte> code, Address start)
    {
        int at = 0;
        if (code.StartsWith((ReadOnlySpan<byte>)[0xf3, 0x0f, 0x1e, 0xfa]))
            at += 4;

        // Pushes the number of its relocation: what a lazily bound slot leads to at first.
        if (at > 0 && code[at] == 0x68)
            return SlotOfRelocation(BinaryPrimitives.ReadUInt32LittleEndian(code[(at + 1)..]));
        if (code[at] == 0xf2)
            at++;
        return code[at] == 0xff && code[at + 1] == 0x25 ? Target(code, at + 2, start) : null;
    }

    private ulong? ShortSlotOf(ReadOnlySpan<byte> code, Address start) =>
        code[0] == 0xff && code[1] == 0x25 && code[6] == 0x66 && code[7] == 0x90 ? Target(code, 2, start) : null;

    private ulong Target(ReadOnlySpan<byte> code, int at, Address start) =>
        unchecked(start.Value - bias + (ulong)(at + 4) + (ulong)BinaryPrimitives.ReadInt32LittleEndian(code[at..]));

    private ulong? SlotOfRelocation(uint index)
    {
        if (dynamic.JumpRelocations is not { } table || index >= dynamic.JumpRelocationsSize / RelocationSize)
            return null;
        return memory.TryRead(table + (index * (long)RelocationSize), out ulong slot) ? slot : null;
    }

    private string? NameOf(ulong slot)
    {
        // The long table is read only for a word that the short one does not have.
        _jumpSlots ??= Read(dynamic.JumpRelocations, dynamic.JumpRelocationsSize);
        if (!_jumpSlots.TryGetValue(slot, out uint index))
        {
            _otherSlots ??= Read(dynamic.Relocations, dynamic.RelocationsSize);
            _otherSlots.TryGetValue(slot, out index);
        }

        if (index == 0 || index >= (uint)symbols.Count)
            return null;
        string name = symbols.NameOf(symbols[(int)index]);
        return name.Length > 0 ? name : null;
    }

    // r_offset, r_info (symbol << 32 | type), r_addend.
    private Dictionary<ulong, uint> Read(Address? table, ulong size)
    {
        var slots = new Dictionary<ulong, uint>();
        if (table is not { } start)
            return slots;
        Span<byte> piece = stackalloc byte[RelocationSize * PieceEntries];
        ulong count = Math.Min(size / RelocationSize, Limits.ElfSymbols);
        for (ulong done = 0; done < count; done += PieceEntries)
        {
            Span<byte> part = piece[..(int)(Math.Min(PieceEntries, count - done) * RelocationSize)];
            if (!memory.TryReadExactly(start + (done * RelocationSize), part))
                break;
            for (int i = 0; i < part.Length; i += RelocationSize)
                Add(part[i..], slots);
        }

        return slots;
    }

    private static void Add(ReadOnlySpan<byte> entry, Dictionary<ulong, uint> slots)
    {
        uint type = BinaryPrimitives.ReadUInt32LittleEndian(entry[8..]);
        if (type is GlobalData or JumpSlot)
            slots[entry.PointerAt(0)] = BinaryPrimitives.ReadUInt32LittleEndian(entry[12..]);
    }
}
