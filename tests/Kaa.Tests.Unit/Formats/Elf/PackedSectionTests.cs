using System.Buffers.Binary;
using System.IO.Compression;
using Kaa.Formats;
using Kaa.Formats.Compression;
using Kaa.Formats.Elf;
using Kaa.Tests.Unit.Formats.Compression;

namespace Kaa.Tests.Unit.Formats.Elf;

/// <summary>Compressed sections that are read in parts, in any order.</summary>
public sealed class PackedSectionTests
{
    private const int Size = 3_000_000;

    private static readonly byte[] s_content = MakeContent();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Parts_in_any_order_are_those_of_the_whole(bool zstd)
    {
        using ElfFile file = ElfFile.Open(new ElfBuilder().Section(".debug_info", Pack(s_content, zstd), 0x800).Build());
        ElfRange range = file.Range(file.Sections[1]);
        range.Length.ShouldBe((ulong)Size);
        var random = new Random(7);
        byte[] part = new byte[100_000];
        for (int i = 0; i < 200; i++)
        {
            int start = random.Next(Size - part.Length);
            Span<byte> wanted = part.AsSpan(0, random.Next(part.Length));
            range.ReadExactly((ulong)start, wanted);
            wanted.SequenceEqual(s_content.AsSpan(start, wanted.Length)).ShouldBeTrue($"{wanted.Length} bytes at {start}");
        }
    }

    [Fact]
    public void Who_goes_back_again_and_again_does_not_have_it_unpacked_each_time()
    {
        byte[] file = new ElfBuilder().Section(".debug_info", Pack(s_content, false), 0x800).Build();
        var stream = new CountingStream(file);
        using ElfFile elf = ElfFile.Open(stream);
        ElfRange range = elf.Range(elf.Sections[1]);
        Span<byte> part = stackalloc byte[8];
        for (int i = 0; i < 50; i++)
        {
            range.ReadExactly(Size - 8, part);
            range.ReadExactly(0, part);
        }

        stream.BytesRead.ShouldBeLessThan(5 * file.Length);
    }

    [Fact]
    public void Who_goes_back_has_what_lies_behind_the_last_mark_unpacked_again_and_no_more()
    {
        byte[] file = new ElfBuilder().Section(".debug_info", Pack(s_content, false), 0x800).Build();
        var stream = new CountingStream(file);
        using ElfFile elf = ElfFile.Open(stream);
        ElfRange range = elf.Range(elf.Sections[1]);
        range.ReadBytes(Size - 8, 8).ShouldBe(s_content[^8..]);
        long once = stream.BytesRead;
        const int behindAMark = (2 << 20) + 5;
        range.ReadBytes(behindAMark, 1_000).ShouldBe(s_content.AsSpan(behindAMark, 1_000).ToArray());
        range.ReadBytes(5, 1_000).ShouldBe(s_content[5..1_005]);
        range.ReadBytes(behindAMark + 200_000, 1_000).ShouldBe(s_content.AsSpan(behindAMark + 200_000, 1_000).ToArray());
        (stream.BytesRead - once).ShouldBeLessThan(file.Length / 3);
    }

    [Fact]
    public void Only_as_much_is_unpacked_as_is_asked_for()
    {
        byte[] file = new ElfBuilder().Section(".debug_info", Pack(s_content, false), 0x800).Build();
        var stream = new CountingStream(file);
        using ElfFile elf = ElfFile.Open(stream);
        elf.Range(elf.Sections[1]).ReadBytes(1_000, 1_000).ShouldBe(s_content[1_000..2_000]);
        stream.BytesRead.ShouldBeLessThan(file.Length / 10);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_comes_before_a_damage_is_read_and_what_comes_behind_it_is_bad_data(bool zstd)
    {
        byte[] packed = Pack(s_content, zstd);
        packed.AsSpan(packed.Length / 2, 64).Fill(0xff);
        using ElfFile file = ElfFile.Open(new ElfBuilder().Section(".debug_info", packed, 0x800).Build());
        ElfRange range = file.Range(file.Sections[1]);
        for (int i = 0; i < 3; i++)
        {
            range.ReadBytes(0, 1_000).ShouldBe(s_content[..1_000]);
            Should.Throw<BadData>(() => range.ReadBytes(Size - 1_000, 1_000));
        }
    }

    [Fact]
    public void A_size_that_no_compression_reaches_is_bad_data_before_anything_is_allocated()
    {
        byte[] packed = Pack(new byte[100], false);
        BinaryPrimitives.WriteUInt64LittleEndian(packed.AsSpan(8), 500_000_000);
        using ElfFile file = ElfFile.Open(new ElfBuilder().Section(".debug_info", packed, 0x800).Build());
        Should.Throw<BadData>(() => file.ReadSection(file.Sections[1])).Rule.ShouldContain("can't inflate");
    }

    // Words of a few kinds: neither random nor all the same.
    private static byte[] MakeContent()
    {
        var random = new Random(1);
        byte[] content = new byte[Size];
        for (int i = 0; i < Size; i++)
            content[i] = unchecked((byte)(i % 11 == 0 ? random.Next(256) : i >> 9));
        return content;
    }

    private static byte[] Pack(byte[] content, bool zstd)
    {
        byte[] header = new byte[24];
        header[0] = (byte)(zstd ? 2 : 1);
        BinaryPrimitives.WriteUInt64LittleEndian(header.AsSpan(8), (ulong)content.Length);
        if (zstd)
            return [.. header, .. UnpackingTests.Pack(PackedFormat.Zstd, content)];
        var packed = new MemoryStream();
        using (var deflater = new ZLibStream(packed, CompressionLevel.Fastest, leaveOpen: true))
            deflater.Write(content);
        return [.. header, .. packed.ToArray()];
    }

    private sealed class CountingStream(byte[] bytes) : MemoryStream(bytes)
    {
        public long BytesRead { get; private set; }

        public override int Read(Span<byte> buffer)
        {
            int count = base.Read(buffer);
            BytesRead += count;
            return count;
        }
    }
}
