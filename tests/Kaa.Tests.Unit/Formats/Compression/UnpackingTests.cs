using Kaa.Formats;
using Kaa.Formats.Compression;
using Kaa.Tests.Unit.Formats.Fuzz;

namespace Kaa.Tests.Unit.Formats.Compression;

public sealed class UnpackingTests
{
    private const int Size = 300_000;

    public static TheoryData<PackedFormat> Formats => [PackedFormat.Xz, PackedFormat.Zstd, PackedFormat.Lz4];

    [Theory]
    [MemberData(nameof(Formats))]
    public void What_the_tool_packed_is_unpacked(PackedFormat format)
    {
        byte[] content = Content();
        byte[] packed = Pack(format, content);
        Unpacking.FormatOf(packed).ShouldBe(format);
        Unpack(packed, format, Size).ShouldBe(content);
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void Frames_one_after_the_other_are_one_stream(PackedFormat format)
    {
        byte[] content = Content();
        byte[] packed = [.. Pack(format, content[..1000]), .. Pack(format, content[1000..])];
        Unpack(packed, format, Size).ShouldBe(content);
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void A_cut_stream_gives_what_it_has_and_then_says_so(PackedFormat format)
    {
        byte[] content = Content();
        byte[] packed = Pack(format, content);
        using UnpackingStream stream = Unpacking.Open(new MemoryStream(packed[..(packed.Length / 2)]), format, Size)!;
        var read = new MemoryStream();
        Should.Throw<BadData>(() => stream.CopyTo(read)).Rule.ShouldContain("cut");
        read.Length.ShouldBeInRange(1, Size - 1);
        read.ToArray().ShouldBe(content[..(int)read.Length]);
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void No_more_comes_out_than_is_allowed(PackedFormat format)
    {
        byte[] packed = Pack(format, Content());
        Should.Throw<BadData>(() => Unpack(packed, format, Size - 1)).Rule.ShouldContain("more than");
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void Damaged_streams_are_bad_data_or_are_unpacked(PackedFormat format)
    {
        byte[] good = Pack(format, Content()[..20_000]);
        (int refused, _) = Mutation.Run(good, 1_000, bytes => Unpack(bytes, format, Size));
        refused.ShouldBeGreaterThan(0);
    }

    [Fact]
    public void A_closed_stream_is_not_read_any_more()
    {
        UnpackingStream stream = Unpacking.Open(new MemoryStream(Pack(PackedFormat.Xz, Content())), PackedFormat.Xz, Size)!;
        stream.ReadByte().ShouldBeGreaterThanOrEqualTo(0);
        stream.Dispose();
        stream.Dispose();
        Should.Throw<ObjectDisposedException>(() => stream.ReadByte());
    }

    internal static byte[] Pack(PackedFormat format, byte[] content)
    {
        string directory = Directory.CreateTempSubdirectory("kaa-test-").FullName;
        try
        {
            string plain = Path.Combine(directory, "plain");
            string packed = Path.Combine(directory, "packed");
            File.WriteAllBytes(plain, content);
            string tool = format switch { PackedFormat.Xz => "xz", PackedFormat.Zstd => "zstd -q", _ => "lz4 -q -B4" };
            CompiledProgram.Run("sh", ["-c", $"{tool} -c '{plain}' >'{packed}'"]);
            return File.ReadAllBytes(packed);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    // Half noise, half text that repeats.
    private static byte[] Content()
    {
        byte[] content = new byte[Size];
        var random = new Random(7);
        random.NextBytes(content.AsSpan(0, Size / 2));
        for (int i = Size / 2; i < Size; i++)
            content[i] = (byte)(i % 251 / 3);
        return content;
    }

    private static byte[] Unpack(byte[] packed, PackedFormat format, long limit)
    {
        using UnpackingStream stream = Unpacking.Open(new MemoryStream(packed), format, limit)!;
        var result = new MemoryStream();
        stream.CopyTo(result);
        return result.ToArray();
    }
}
