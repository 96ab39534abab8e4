using Kaa.Formats.Compression;
using Kaa.Recording.Format;

namespace Kaa.Tests.Unit.Recording;

/// <summary>Blocks that are packed come out as they went in, and damaged ones are refused.</summary>
public sealed class PackedBlockTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(255)]
    [InlineData(256)]
    [InlineData(100_000)]
    public void What_repeats_is_packed(int length)
    {
        byte[] content = new byte[length];
        for (int i = 0; i < length; i++)
            content[i] = (byte)(i % 1000 * 7 >> 3 & 0xff);
        byte[] file = FileOf(content);
        if (length == 100_000)
            file.Length.ShouldBeLessThan(length / 20);
        Read(file).ShouldBe(content);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Anything_comes_out_as_it_went_in(int seed)
    {
        var random = new Random(seed);
        for (int turn = 0; turn < 20; turn++)
        {
            // Pieces of what came before, some of which reach into themselves, between bytes that are new.
            byte[] content = new byte[random.Next(200_000)];
            for (int at = 0; at < content.Length;)
            {
                int count = Math.Min(random.Next(1, 600), content.Length - at);
                int back = random.Next(2) == 0 || at == 0 ? 0 : random.Next(1, Math.Min(at, 70_000) + 1);
                for (int i = 0; i < count; i++, at++)
                    content[at] = back == 0 ? (byte)random.Next(256) : content[at - back];
            }

            Read(FileOf(content)).AsSpan().SequenceEqual(content).ShouldBeTrue();
        }
    }

    [Fact]
    public void A_damaged_one_is_refused()
    {
        byte[] content = new byte[5000];
        for (int i = 0; i < content.Length; i++)
            content[i] = (byte)(i * i >> 6 & 0xff);
        byte[] packed = new byte[Lz4Block.MostPacked(content.Length)];
        Array.Resize(ref packed, Lz4Block.Pack(content, packed));
        var random = new Random(4);
        byte[] output = new byte[content.Length];
        for (int turn = 0; turn < 20_000; turn++)
        {
            byte[] damaged = [.. packed];
            for (int i = random.Next(1, 4); i > 0; i--)
                damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            _ = Lz4Block.TryUnpack(damaged.AsSpan(0, random.Next(damaged.Length + 1)), output);
        }

        Lz4Block.TryUnpack(packed, output).ShouldBeTrue();
        output.AsSpan().SequenceEqual(content).ShouldBeTrue();
        Lz4Block.TryUnpack(packed, output.AsSpan(1)).ShouldBeFalse();
        Lz4Block.TryUnpack(packed, new byte[content.Length + 1]).ShouldBeFalse();
    }

    private static byte[] FileOf(byte[] content)
    {
        using var file = new MemoryStream();
        new BlockWriter(file).WritePacked(BlockKind.Events, content);
        return file.ToArray();
    }

    private static byte[] Read(byte[] file)
    {
        var reader = new BlockReader(new MemoryStream(file));
        reader.Next().ShouldBeTrue(reader.Damage);
        reader.Kind.ShouldBe(BlockKind.Events);
        return reader.Content.ToArray();
    }
}
