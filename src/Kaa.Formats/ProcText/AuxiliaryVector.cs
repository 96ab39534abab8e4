using System.Buffers.Binary;

namespace Kaa.Formats.ProcText;

/// <summary>Keys of the auxiliary vector (getauxval(3), include/uapi/linux/auxvec.h).</summary>
public enum AuxiliaryKey : ulong
{
    /// <summary>AT_PHDR: address of the executable's program headers.</summary>
    ProgramHeaders = 3,

    /// <summary>AT_PHENT: size of one.</summary>
    ProgramHeaderSize = 4,

    /// <summary>AT_PHNUM.</summary>
    ProgramHeaderCount = 5,

    /// <summary>AT_PAGESZ.</summary>
    PageSize = 6,

    /// <summary>AT_BASE: where the dynamic loader is mapped; 0 for a static program.</summary>
    LoaderBase = 7,

    /// <summary>AT_ENTRY: entry point of the executable.</summary>
    Entry = 9,

    /// <summary>AT_UID.</summary>
    Uid = 11,

    /// <summary>AT_EUID.</summary>
    EffectiveUid = 12,

    /// <summary>AT_GID.</summary>
    Gid = 13,

    /// <summary>AT_EGID.</summary>
    EffectiveGid = 14,

    /// <summary>AT_CLKTCK: clock ticks a second.</summary>
    ClockTicks = 17,

    /// <summary>AT_SECURE: not 0 where the program was started with more rights than its caller has.</summary>
    Secure = 23,

    /// <summary>AT_RANDOM: address of 16 random bytes, just above the vector itself.</summary>
    Random = 25,

    /// <summary>AT_EXECFN: address of the name that the program was started by.</summary>
    ExecutableName = 31,

    /// <summary>AT_SYSINFO_EHDR: address of the vdso.</summary>
    Vdso = 33,
}

/// <summary><c>/proc/PID/auxv</c>, and NT_AUXV of a core: what the kernel told the program at its start.</summary>
public sealed class AuxiliaryVector
{
    private const int EntrySize = 16;

    private readonly Dictionary<AuxiliaryKey, ulong> _values = [];

    private AuxiliaryVector()
    {
    }

    /// <summary>Null where the kernel did not say.</summary>
    public ulong? this[AuxiliaryKey key] => _values.TryGetValue(key, out ulong value) ? value : null;

    /// <summary>Reads 64-bit entries up to AT_NULL, or to the end where there is none. Empty for a kernel thread.</summary>
    /// <exception cref="BadData">Not a whole number of entries, or more than <see cref="Limits.AuxiliaryEntries"/>.</exception>
    public static AuxiliaryVector Parse(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length % EntrySize != 0 || bytes.Length / EntrySize > Limits.AuxiliaryEntries)
            throw new BadData("auxv", bytes.Length, $"at most {Limits.AuxiliaryEntries} entries of {EntrySize} bytes");
        var vector = new AuxiliaryVector();
        for (int offset = 0; offset < bytes.Length; offset += EntrySize)
        {
            ulong key = BinaryPrimitives.ReadUInt64LittleEndian(bytes[offset..]);
            if (key == 0)
                break;
            vector._values[(AuxiliaryKey)key] = BinaryPrimitives.ReadUInt64LittleEndian(bytes[(offset + 8)..]);
        }

        return vector;
    }
}
