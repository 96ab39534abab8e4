using System.Buffers.Binary;
using System.Text;
using Kaa.Formats;
using Kaa.Formats.Loading;

namespace Kaa.Tests.Unit.Formats.Loading;

public sealed class LoaderCacheTests
{
    private const int X64 = 0x0303;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Libraries_of_this_machine_are_found_also_behind_the_old_format(bool isBehindOld)
    {
        LoaderCache cache = LoaderCache.Parse(Cache(isBehindOld, ("libc.so.6", "/lib/libc.so.6", X64, 0), ("libz.so.1", "/lib32/libz.so.1", 3, 0), ("libz.so.1", "/lib/libz.so.1", X64, 0)));
        cache.Find("libc.so.6").ShouldBe("/lib/libc.so.6");
        cache.Find("libz.so.1").ShouldBe("/lib/libz.so.1");
        cache.Find("libx.so").ShouldBeNull();
    }

    [Fact]
    public void Those_for_certain_processors_are_passed_over() =>
        LoaderCache.Parse(Cache(false, ("libm.so.6", "/lib/glibc-hwcaps/x86-64-v3/libm.so.6", X64, 1ul << 62), ("libm.so.6", "/lib/libm.so.6", X64, 0)))
            .Find("libm.so.6").ShouldBe("/lib/libm.so.6");

    [Fact]
    public void What_is_no_cache_or_is_cut_is_bad_data()
    {
        Should.Throw<BadData>(() => LoaderCache.Parse("hello"u8));
        byte[] whole = Cache(false, ("libc.so.6", "/lib/libc.so.6", X64, 0));
        for (int length = 0; length < 48 + 24; length++)
            Should.Throw<BadData>(() => LoaderCache.Parse(whole.AsSpan(0, length)), length.ToString(System.Globalization.CultureInfo.InvariantCulture));
    }

    /// <summary>sysdeps/generic/dl-cache.h: struct cache_file_new, then strings.</summary>
    private static byte[] Cache(bool isBehindOld, params (string Name, string Path, int Flags, ulong Hwcap)[] entries)
    {
        byte[] head = new byte[48 + (entries.Length * 24)];
        Encoding.ASCII.GetBytes("glibc-ld.so.cache1.1").CopyTo(head, 0);
        BinaryPrimitives.WriteInt32LittleEndian(head.AsSpan(20), entries.Length);
        var strings = new List<byte>();
        for (int i = 0; i < entries.Length; i++)
        {
            Span<byte> entry = head.AsSpan(48 + (i * 24));
            BinaryPrimitives.WriteInt32LittleEndian(entry, entries[i].Flags);
            BinaryPrimitives.WriteInt32LittleEndian(entry[4..], Add(entries[i].Name));
            BinaryPrimitives.WriteInt32LittleEndian(entry[8..], Add(entries[i].Path));
            BinaryPrimitives.WriteUInt64LittleEndian(entry[16..], entries[i].Hwcap);
        }

        // The old one has three entries, so that the new one begins at a multiple of 8 only by padding.
        byte[] old = new byte[isBehindOld ? 56 : 0];
        if (isBehindOld)
        {
            Encoding.ASCII.GetBytes("ld.so-1.7.0\0").CopyTo(old, 0);
            BinaryPrimitives.WriteInt32LittleEndian(old.AsSpan(12), 3);
        }

        return [.. old, .. head, .. strings];

        int Add(string text)
        {
            int at = head.Length + strings.Count;
            strings.AddRange(Encoding.ASCII.GetBytes(text + '\0'));
            return at;
        }
    }
}
