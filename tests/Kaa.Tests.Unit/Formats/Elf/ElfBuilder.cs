using System.Buffers.Binary;
using System.Text;
using Kaa.Formats;
using Kaa.Formats.Elf;

namespace Kaa.Tests.Unit.Formats.Elf;

/// <summary>
/// Builds a small shared object by hand: one read-only segment (headers, note, hash tables, symbols, dynamic section) and one writable
/// one (<c>.data</c>, <c>.bss</c>) that lies <see cref="DataShift"/> higher in memory than in the file.
/// </summary>
internal sealed class ElfBuilder
{
    public const ulong DataShift = 0x2000;
    public const ulong DataOffset = 0x2000;
    public const ulong DataAddress = DataOffset + DataShift;
    public const ulong DataSize = 0x100;
    public const ulong BssSize = 0x1f00;

    private const ulong NoteOffset = 0x200;
    private const ulong TablesOffset = 0x400;

    private readonly List<(string Name, ulong Value, ulong Size, byte Info, ushort Section, ushort Version)> _symbols = [];
    private readonly List<(string Name, ElfSectionType Type, ulong Flags, ulong Address, byte[] Content, ulong? NoBitsSize)> _sections = [];
    private readonly byte[] _file = new byte[DataOffset + DataSize];

    public byte[]? BuildId { get; set; } = [0xde, 0xad, 0xbe, 0xef];

    public bool GnuHash { get; set; } = true;

    public bool SysvHash { get; set; }

    public ushort Machine { get; set; } = 62;

    /// <summary>Added to the pointers of the dynamic section, as glibc does in memory.</summary>
    public ulong RelocatedBy { get; set; }

    /// <summary>Link-time address of file offset 0.</summary>
    public ulong LinkBase { get; set; }

    public ElfBuilder Symbol(string name, ulong value, ulong size = 8, ElfSymbolType type = ElfSymbolType.Object, ushort section = 1, ushort version = 1, int binding = 1)
    {
        _symbols.Add((name, value, size, (byte)((binding << 4) | (int)type), section, version));
        return this;
    }

    public ElfBuilder Section(string name, byte[] content, ulong flags = 0, ulong address = 0, ElfSectionType type = ElfSectionType.ProgramBits)
    {
        _sections.Add((name, type, flags, address, content, null));
        return this;
    }

    public ElfBuilder NoBits(string name, ulong address, ulong size)
    {
        _sections.Add((name, ElfSectionType.NoBits, 3, address, [], size));
        return this;
    }

    /// <summary>A section with the symbols that were added so far as a <c>.symtab</c>, and its strings.</summary>
    public ElfBuilder SymbolTable()
    {
        (byte[] table, byte[] strings) = EncodeSymbols(_symbols);
        Section(".symtab", table, type: ElfSectionType.SymbolTable);
        return Section(".strtab", strings, type: ElfSectionType.StringTable);
    }

    public ElfBuilder WithoutDynamic()
    {
        _symbols.Clear();
        return this;
    }

    public byte[] Build()
    {
        WriteHeader();
        WriteNote();
        WriteTables();
        return WriteSections();
    }

    /// <summary>The image as a loader maps it at <paramref name="start"/>.</summary>
    public FakeMemory Load(ulong start)
    {
        byte[] file = Build();
        byte[] data = new byte[DataSize + BssSize];
        file.AsSpan((int)DataOffset, (int)DataSize).CopyTo(data);
        return new FakeMemory().Add(new Address(start), file[..(int)DataOffset]).Add(new Address(start + DataAddress), data);
    }

    private void WriteHeader()
    {
        "\u007fELF\u0002\u0001\u0001"u8.CopyTo(_file);
        U16(16, 3);
        U16(18, Machine);
        U32(20, 1);
        U64(32, 64);
        U16(52, 64);
        U16(54, 56);
        U16(56, 4);
        ProgramHeader(0, 1, 5, 0, LinkBase, DataOffset, DataOffset);
        ProgramHeader(1, 1, 6, DataOffset, LinkBase + DataAddress, DataSize, DataSize + BssSize);
        ProgramHeader(3, 4, 4, NoteOffset, LinkBase + NoteOffset, BuildId is null ? 0 : 16 + (ulong)BuildId.Length, 0);
    }

    private void ProgramHeader(int index, uint type, uint flags, ulong offset, ulong address, ulong fileSize, ulong memorySize)
    {
        int at = 64 + (index * 56);
        U32(at, type);
        U32(at + 4, flags);
        U64(at + 8, offset);
        U64(at + 16, address);
        U64(at + 32, fileSize);
        U64(at + 40, memorySize);
        U64(at + 48, 4);
    }

    private void WriteNote()
    {
        if (BuildId is null)
            return;
        U32((int)NoteOffset, 4);
        U32((int)NoteOffset + 4, (uint)BuildId.Length);
        U32((int)NoteOffset + 8, 3);
        "GNU\0"u8.CopyTo(_file.AsSpan((int)NoteOffset + 12));
        BuildId.CopyTo(_file, (int)NoteOffset + 16);
    }

    private void WriteTables()
    {
        var ordered = _symbols.ConvertAll(symbol => symbol);
        uint buckets = Math.Max(1, (uint)ordered.Count / 3);
        if (GnuHash)
            ordered.Sort((left, right) => (Gnu(left.Name) % buckets).CompareTo(Gnu(right.Name) % buckets));
        (byte[] table, byte[] strings) = EncodeSymbols(ordered);
        var dynamic = new List<(ulong Tag, ulong Value)>();
        ulong at = TablesOffset;
        at = Place(dynamic, 6, table, at);
        at = Place(dynamic, 5, strings, at);
        dynamic.Add((10, (ulong)strings.Length));
        if (GnuHash)
            at = Place(dynamic, 0x6ffffef5, EncodeGnuHash(ordered.ConvertAll(symbol => Gnu(symbol.Name)), buckets), at);
        if (SysvHash)
            at = Place(dynamic, 4, EncodeSysvHash(ordered.ConvertAll(symbol => Sysv(symbol.Name)), buckets), at);
        byte[] versions = new byte[(ordered.Count + 1) * 2];
        for (int i = 0; i < ordered.Count; i++)
            BinaryPrimitives.WriteUInt16LittleEndian(versions.AsSpan((i + 1) * 2), ordered[i].Version);
        at = Place(dynamic, 0x6ffffff0, versions, at);
        dynamic.Add((0, 0));
        ProgramHeader(2, 2, 4, at, LinkBase + at, (ulong)dynamic.Count * 16, (ulong)dynamic.Count * 16);
        foreach ((ulong tag, ulong value) in dynamic)
        {
            U64((int)at, tag);
            U64((int)at + 8, value);
            at += 16;
        }
    }

    private ulong Place(List<(ulong Tag, ulong Value)> dynamic, ulong tag, byte[] content, ulong at)
    {
        dynamic.Add((tag, unchecked(LinkBase + at + RelocatedBy)));
        content.CopyTo(_file, (int)at);
        return (at + (ulong)content.Length + 7) & ~7ul;
    }

    private static (byte[] Table, byte[] Strings) EncodeSymbols(
        List<(string Name, ulong Value, ulong Size, byte Info, ushort Section, ushort Version)> symbols)
    {
        byte[] table = new byte[(symbols.Count + 1) * 24];
        var strings = new List<byte> { 0 };
        for (int i = 0; i < symbols.Count; i++)
        {
            Span<byte> entry = table.AsSpan((i + 1) * 24);
            BinaryPrimitives.WriteUInt32LittleEndian(entry, (uint)strings.Count);
            entry[4] = symbols[i].Info;
            BinaryPrimitives.WriteUInt16LittleEndian(entry[6..], symbols[i].Section);
            BinaryPrimitives.WriteUInt64LittleEndian(entry[8..], symbols[i].Value);
            BinaryPrimitives.WriteUInt64LittleEndian(entry[16..], symbols[i].Size);
            strings.AddRange(Encoding.UTF8.GetBytes(symbols[i].Name + "\0"));
        }

        return (table, [.. strings]);
    }

    // Every symbol is hashed, so the first one is number 1. A bloom filter of two words.
    private static byte[] EncodeGnuHash(List<uint> hashes, uint buckets)
    {
        byte[] table = new byte[16 + 16 + (buckets * 4) + (hashes.Count * 4)];
        uint[] header = [buckets, 1, 2, 6];
        for (int i = 0; i < 4; i++)
            BinaryPrimitives.WriteUInt32LittleEndian(table.AsSpan(i * 4), header[i]);
        for (int i = 0; i < hashes.Count; i++)
        {
            uint hash = hashes[i];
            Span<byte> word = table.AsSpan(16 + ((int)((hash / 64) & 1) * 8));
            ulong bits = BinaryPrimitives.ReadUInt64LittleEndian(word) | (1ul << (int)(hash & 63)) | (1ul << (int)((hash >> 6) & 63));
            BinaryPrimitives.WriteUInt64LittleEndian(word, bits);
            Span<byte> bucket = table.AsSpan(32 + ((int)(hash % buckets) * 4));
            if (BinaryPrimitives.ReadUInt32LittleEndian(bucket) == 0)
                BinaryPrimitives.WriteUInt32LittleEndian(bucket, (uint)i + 1);
            bool last = i + 1 == hashes.Count || hashes[i + 1] % buckets != hash % buckets;
            BinaryPrimitives.WriteUInt32LittleEndian(table.AsSpan(32 + ((int)buckets * 4) + (i * 4)), (hash & ~1u) | (last ? 1u : 0));
        }

        return table;
    }

    private static byte[] EncodeSysvHash(List<uint> hashes, uint buckets)
    {
        uint[] words = new uint[2 + buckets + hashes.Count + 1];
        words[0] = buckets;
        words[1] = (uint)hashes.Count + 1;
        for (int i = 0; i < hashes.Count; i++)
        {
            words[2 + buckets + i + 1] = words[2 + (hashes[i] % buckets)];
            words[2 + (hashes[i] % buckets)] = (uint)i + 1;
        }

        byte[] table = new byte[words.Length * 4];
        Buffer.BlockCopy(words, 0, table, 0, table.Length);
        return table;
    }

    private byte[] WriteSections()
    {
        if (_sections.Count == 0)
            return _file;
        var all = _sections.ConvertAll(section => section);
        var names = new List<byte> { 0 };
        var nameOffsets = all.ConvertAll(section => AddName(names, section.Name));
        nameOffsets.Add(AddName(names, ".shstrtab"));
        all.Add((".shstrtab", ElfSectionType.StringTable, 0, 0, [.. names], null));
        var output = new List<byte>(_file);
        var headers = new List<byte>(new byte[64]);
        for (int i = 0; i < all.Count; i++)
        {
            var section = all[i];
            int link = section.Type == ElfSectionType.SymbolTable ? i + 2 : 0;
            headers.AddRange(SectionHeader(nameOffsets[i], section.Type, section.Flags, section.Address, output.Count, section.NoBitsSize ?? (ulong)section.Content.Length, link));
            output.AddRange(section.Content);
        }

        byte[] result = [.. output, .. headers];
        BinaryPrimitives.WriteUInt64LittleEndian(result.AsSpan(40), (ulong)output.Count);
        BinaryPrimitives.WriteUInt16LittleEndian(result.AsSpan(58), 64);
        BinaryPrimitives.WriteUInt16LittleEndian(result.AsSpan(60), (ushort)(all.Count + 1));
        BinaryPrimitives.WriteUInt16LittleEndian(result.AsSpan(62), (ushort)all.Count);
        return result;
    }

    private static uint AddName(List<byte> names, string name)
    {
        uint offset = (uint)names.Count;
        names.AddRange(Encoding.UTF8.GetBytes(name + "\0"));
        return offset;
    }

    private static byte[] SectionHeader(uint name, ElfSectionType type, ulong flags, ulong address, int offset, ulong size, int link)
    {
        byte[] header = new byte[64];
        BinaryPrimitives.WriteUInt32LittleEndian(header, name);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(4), (uint)type);
        BinaryPrimitives.WriteUInt64LittleEndian(header.AsSpan(8), flags);
        BinaryPrimitives.WriteUInt64LittleEndian(header.AsSpan(16), address);
        BinaryPrimitives.WriteUInt64LittleEndian(header.AsSpan(24), (ulong)offset);
        BinaryPrimitives.WriteUInt64LittleEndian(header.AsSpan(32), size);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(40), (uint)link);
        return header;
    }

    private static uint Gnu(string name)
    {
        uint hash = 5381;
        foreach (byte letter in Encoding.UTF8.GetBytes(name))
            hash = unchecked((hash << 5) + hash + letter);
        return hash;
    }

    private static uint Sysv(string name)
    {
        uint hash = 0;
        foreach (byte letter in Encoding.UTF8.GetBytes(name))
        {
            hash = unchecked((hash << 4) + letter);
            uint top = hash & 0xf0000000;
            if (top != 0)
                hash ^= top >> 24;
            hash &= ~top;
        }

        return hash;
    }

    private void U16(int offset, ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(_file.AsSpan(offset), value);

    private void U32(int offset, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(_file.AsSpan(offset), value);

    private void U64(int offset, ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(_file.AsSpan(offset), value);
}
