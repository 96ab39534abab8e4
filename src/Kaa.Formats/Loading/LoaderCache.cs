using System.Buffers.Binary;
using System.Text;

namespace Kaa.Formats.Loading;

/// <summary>
/// <c>/etc/ld.so.cache</c> of glibc: library name → path (sysdeps/generic/dl-cache.h). Only x86-64 libraries of libc 6, without those for
/// certain processors only (glibc-hwcaps): where there is such a one, there is the common one too.
/// </summary>
public sealed class LoaderCache
{
    private const int HeaderSize = 48;
    private const int EntrySize = 24;
    private const int OldHeaderSize = 16;
    private const int OldEntrySize = 12;
    private const int X64Library = 0x0303; // FLAG_X8664_LIB64 | FLAG_ELF_LIBC6

    private readonly Dictionary<string, string> _paths = new(StringComparer.Ordinal);

    private LoaderCache()
    {
    }

    /// <summary>Null where the cache does not name it.</summary>
    public string? Find(string library) => _paths.GetValueOrDefault(library);

    /// <exception cref="BadData">It is no such file.</exception>
    public static LoaderCache Parse(ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<byte> cache = NewFormat(bytes);
        int count = (int)Math.Min(BinaryPrimitives.ReadUInt32LittleEndian(cache[20..]), Limits.LoaderCacheEntries);
        var result = new LoaderCache();
        for (int i = 0; i < count; i++)
        {
            // flags, key, value, osversion (4 bytes each), hwcap (8).
            int at = HeaderSize + (i * EntrySize);
            if (at + EntrySize > cache.Length)
                throw new BadData("ld.so.cache", at, "it ends before its last entry");
            bool isCommon = BinaryPrimitives.ReadUInt64LittleEndian(cache[(at + 16)..]) == 0;
            if (BinaryPrimitives.ReadInt32LittleEndian(cache[at..]) == X64Library && isCommon)
                result._paths.TryAdd(Text(cache, at + 4), Text(cache, at + 8));
        }

        return result;
    }

    // Before glibc 2.32 the old format may stand in front of the new one, which begins at the next multiple of 8.
    private static ReadOnlySpan<byte> NewFormat(ReadOnlySpan<byte> bytes)
    {
        if (bytes.StartsWith("ld.so-1.7.0\0"u8) && bytes.Length >= OldHeaderSize)
        {
            ulong end = OldHeaderSize + (BinaryPrimitives.ReadUInt32LittleEndian(bytes[12..]) * (ulong)OldEntrySize);
            end = (end + 7) & ~7ul;
            bytes = end < (ulong)bytes.Length ? bytes[(int)end..] : default;
        }

        return bytes.StartsWith("glibc-ld.so.cache1.1"u8) && bytes.Length >= HeaderSize
            ? bytes
            : throw new BadData("ld.so.cache", 0, "it is not in the form that glibc has written since 2.2");
    }

    private static string Text(ReadOnlySpan<byte> cache, int at)
    {
        uint offset = BinaryPrimitives.ReadUInt32LittleEndian(cache[at..]);
        if (offset >= (uint)cache.Length)
            throw new BadData("ld.so.cache", at, "a name lies beyond its end");
        ReadOnlySpan<byte> text = cache[(int)offset..];
        int end = text.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? text : text[..end]);
    }
}
