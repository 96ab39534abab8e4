using System.Text;

namespace Kaa.Formats.Elf;

/// <summary>A version that a module needs of a library (Elf64_Vernaux).</summary>
/// <param name="Library">By its soname.</param>
/// <param name="Index">As .gnu.version counts it.</param>
/// <param name="IsWeak">Its lack is no error (VER_FLG_WEAK).</param>
public sealed record ElfNeededVersion(string Library, string Version, int Index, bool IsWeak);

/// <summary>A version that a module defines (Elf64_Verdef).</summary>
/// <param name="IsBase">It stands for the module itself: its name is the soname (VER_FLG_BASE).</param>
public sealed record ElfDefinedVersion(string Version, int Index, bool IsBase);

/// <summary>Elf64_Rela.</summary>
/// <param name="Offset">Link-time address of the word that it fills.</param>
/// <param name="Symbol">Number in <c>.dynsym</c>; 0 for none.</param>
/// <param name="IsLazy">Of DT_JMPREL: the word may be filled at the first call.</param>
public readonly record struct ElfRelocation(ulong Offset, uint Type, int Symbol, long Addend, bool IsLazy);

/// <summary>What the dynamic section of a program or library, in memory or in a file, tells of linking (gABI chapter 5; Drepper, "ELF Symbol Versioning").</summary>
public sealed class ElfLinkage
{
    private const int EntrySize = 16;
    private const int RelocationSize = 24;
    private const int PieceRelocations = 512;
    private const ushort HiddenVersion = 0x8000;

    private readonly IMemory _memory;
    private readonly Func<ulong, Address?> _resolve;
    private readonly List<(ulong Tag, ulong Value)> _entries;
    private IReadOnlyList<ElfNeededVersion>? _neededVersions;
    private IReadOnlyList<ElfDefinedVersion>? _definedVersions;

    private ElfLinkage(IMemory memory, Func<ulong, Address?> resolve, List<(ulong, ulong)> entries)
    {
        _memory = memory;
        _resolve = resolve;
        _entries = entries;
    }

    /// <summary>Of a static program: nothing.</summary>
    public static ElfLinkage None { get; } = new(new ElfNoMemory(), _ => null, []);

    /// <summary>DT_NEEDED, in order.</summary>
    public IReadOnlyList<string> Needed => field ??= ReadNames(1);

    /// <summary>DT_SONAME.</summary>
    public string? SoName => field ??= TextOf(14);

    /// <summary>DT_RPATH; glibc ignores it where there is a <see cref="RunPath"/>.</summary>
    public string? RPath => TextOf(15);

    /// <summary>DT_RUNPATH.</summary>
    public string? RunPath => TextOf(29);

    /// <summary>Linked with -Bsymbolic: its own definitions come first for its own references (DT_SYMBOLIC, DF_SYMBOLIC).</summary>
    public bool IsSymbolic => ValueOf(16) is not null || HasFlag(0x2);

    /// <summary>All words are filled when it is loaded (DT_BIND_NOW, DF_BIND_NOW, DF_1_NOW).</summary>
    public bool BindsNow => ValueOf(24) is not null || HasFlag(0x8) || HasFlag1(0x1);

    /// <summary>Its thread-local data must lie in the block that each thread has from its start (DF_STATIC_TLS).</summary>
    public bool NeedsStaticTls => HasFlag(0x10);

    /// <summary>dlopen refuses it (DF_1_NOOPEN).</summary>
    public bool RefusesOpening => HasFlag1(0x40);

    /// <summary>A program, which can't be loaded as a library (DF_1_PIE).</summary>
    public bool IsProgram => HasFlag1(0x08000000);

    /// <summary>The default directories are not searched for it (DF_1_NODEFLIB).</summary>
    public bool SkipsDefaultDirectories => HasFlag1(0x800);

    /// <summary>DT_DEBUG: where the loader has put its list; null where it has not, or this is no program.</summary>
    public Address? LoaderList => ValueOf(21) is { } value and > 0 ? new Address(value) : null;

    /// <summary>Symbols of it have versions (DT_VERSYM).</summary>
    public bool HasVersions => ValueOf(0x6ffffff0) is not null;

    /// <exception cref="BadData">The list has no end.</exception>
    public IReadOnlyList<ElfNeededVersion> NeededVersions => _neededVersions ??= ReadNeeded();

    /// <exception cref="BadData">The list has no end.</exception>
    public IReadOnlyList<ElfDefinedVersion> DefinedVersions => _definedVersions ??= ReadDefined();

    internal static ElfLinkage Read(IMemory memory, ElfSegment section, Func<ulong, Address?> resolve)
    {
        var entries = new List<(ulong, ulong)>();
        Span<byte> entry = stackalloc byte[EntrySize];
        int count = (int)Math.Min(section.MemorySize / EntrySize, Limits.ElfDynamicEntries);
        for (int i = 0; i < count; i++)
        {
            memory.ReadExactly(section.Start + (i * EntrySize), entry);
            ReadOnlySpan<byte> read = entry;
            if (read.PointerAt(0) == 0)
                return new ElfLinkage(memory, resolve, entries);
            entries.Add((read.PointerAt(0), read.PointerAt(8)));
        }

        throw new BadData("ELF", section.FileOffset, "the dynamic section has no end");
    }

    /// <summary>The version index of a symbol of <c>.dynsym</c>, and whether it is an old one that unversioned references do not mean.</summary>
    public (int Index, bool IsHidden)? VersionOf(int symbol)
    {
        if (At(0x6ffffff0) is not { } table || !_memory.TryRead(table + (symbol * 2L), out ushort version))
            return null;
        return (version & ~HiddenVersion, (version & HiddenVersion) != 0);
    }

    /// <summary>DT_JMPREL, then DT_RELA.</summary>
    public IEnumerable<ElfRelocation> Relocations()
    {
        foreach (ElfRelocation lazy in Relocations(At(23), ValueOf(2) ?? 0, isLazy: true))
            yield return lazy;
        foreach (ElfRelocation other in Relocations(At(7), ValueOf(8) ?? 0, isLazy: false))
            yield return other;
    }

    /// <summary>
    /// DT_RELR: link-time addresses of words to which the load address is added, packed (gABI, "Relative Relocation Table"). An even entry is the address of one word; an odd
    /// one a bitmap of the 63 words that follow those before.
    /// </summary>
    public IEnumerable<ulong> PackedRelative()
    {
        const int Words = 63;
        if (At(36) is not { } table)
            yield break;
        ulong count = Math.Min((ValueOf(35) ?? 0) / 8, Limits.ElfRelocations);
        ulong next = 0;
        for (ulong i = 0; i < count; i++)
        {
            ulong entry = _memory.Read<ulong>(table + (i * 8));
            if ((entry & 1) == 0)
            {
                yield return entry;
                next = entry + 8;
                continue;
            }

            for (int bit = 0; bit < Words; bit++)
            {
                if ((entry >> (bit + 1) & 1) != 0)
                    yield return next + ((ulong)bit * 8);
            }

            next += Words * 8;
        }
    }

    private IEnumerable<ElfRelocation> Relocations(Address? table, ulong size, bool isLazy)
    {
        if (table is not { } start)
            yield break;
        ulong count = Math.Min(size / RelocationSize, Limits.ElfRelocations);
        byte[] piece = new byte[PieceRelocations * RelocationSize];
        for (ulong done = 0; done < count; done += PieceRelocations)
        {
            int length = (int)Math.Min(PieceRelocations, count - done) * RelocationSize;
            _memory.ReadExactly(start + (done * RelocationSize), piece.AsSpan(0, length));
            for (int at = 0; at < length; at += RelocationSize)
            {
                ulong info = BitConverter.ToUInt64(piece, at + 8);
                yield return new ElfRelocation(
                    BitConverter.ToUInt64(piece, at), unchecked((uint)info), (int)Math.Min(info >> 32, int.MaxValue), BitConverter.ToInt64(piece, at + 16), isLazy);
            }
        }
    }

    // Verneed: vn_version, vn_cnt (2 bytes each), vn_file, vn_aux, vn_next (4). Vernaux: vna_hash (4), vna_flags, vna_other (2), vna_name, vna_next (4).
    private List<ElfNeededVersion> ReadNeeded()
    {
        var versions = new List<ElfNeededVersion>();
        Address? next = At(0x6ffffffe);
        for (ulong left = Math.Min(ValueOf(0x6fffffff) ?? 0, Limits.ElfVersions); left > 0 && next is { } entry; left--)
        {
            string library = Text(_memory.Read<uint>(entry + 4)) ?? "";
            Address? auxiliary = entry + _memory.Read<uint>(entry + 8);
            for (int count = _memory.Read<ushort>(entry + 2); count > 0 && auxiliary is { } at; count--)
            {
                const int WeakFlag = 2; // VER_FLG_WEAK
                bool isWeak = (_memory.Read<ushort>(at + 4) & WeakFlag) != 0;
                Keep(versions, new ElfNeededVersion(library, Text(_memory.Read<uint>(at + 8)) ?? "", _memory.Read<ushort>(at + 6) & ~HiddenVersion, isWeak));
                auxiliary = _memory.Read<uint>(at + 12) is > 0 and uint step ? at + step : null;
            }

            next = _memory.Read<uint>(entry + 12) is > 0 and uint hop ? entry + hop : null;
        }

        return versions;
    }

    // Verdef: vd_version, vd_flags, vd_ndx, vd_cnt (2 bytes each), vd_hash, vd_aux, vd_next (4). Verdaux: vda_name, vda_next (4).
    private List<ElfDefinedVersion> ReadDefined()
    {
        var versions = new List<ElfDefinedVersion>();
        Address? next = At(0x6ffffffc);
        for (ulong left = Math.Min(ValueOf(0x6ffffffd) ?? 0, Limits.ElfVersions); left > 0 && next is { } entry; left--)
        {
            const int BaseFlag = 1; // VER_FLG_BASE
            Address auxiliary = entry + _memory.Read<uint>(entry + 12);
            bool isBase = (_memory.Read<ushort>(entry + 2) & BaseFlag) != 0;
            Keep(versions, new ElfDefinedVersion(Text(_memory.Read<uint>(auxiliary)) ?? "", _memory.Read<ushort>(entry + 4) & ~HiddenVersion, isBase));
            next = _memory.Read<uint>(entry + 16) is > 0 and uint hop ? entry + hop : null;
        }

        return versions;
    }

    private static void Keep<T>(List<T> versions, T version)
    {
        if (versions.Count >= Limits.ElfVersions)
            throw new BadData("ELF", 0, $"more than {Limits.ElfVersions} versions");
        versions.Add(version);
    }

    private List<string> ReadNames(ulong tag)
    {
        var names = new List<string>();
        foreach ((ulong each, ulong value) in _entries)
        {
            if (each == tag && Text(value) is { } name)
                names.Add(name);
        }

        return names;
    }

    private bool HasFlag(ulong flag) => ((ValueOf(30) ?? 0) & flag) != 0;

    private bool HasFlag1(ulong flag) => ((ValueOf(0x6ffffffb) ?? 0) & flag) != 0;

    private ulong? ValueOf(ulong tag)
    {
        foreach ((ulong each, ulong value) in _entries)
        {
            if (each == tag)
                return value;
        }

        return null;
    }

    private Address? At(ulong tag) => ValueOf(tag) is { } value ? _resolve(value) : null;

    private string? TextOf(ulong tag) => ValueOf(tag) is { } offset ? Text(offset) : null;

    private string? Text(ulong offset)
    {
        if (At(5) is not { } strings || offset >= (ValueOf(10) ?? 0))
            return null;
        return Encoding.UTF8.GetString(_memory.ReadCStringBytes(strings + offset, Limits.SymbolName));
    }
}

internal sealed class ElfNoMemory : IMemory
{
    public int Read(Address address, Span<byte> buffer) => 0;
}
