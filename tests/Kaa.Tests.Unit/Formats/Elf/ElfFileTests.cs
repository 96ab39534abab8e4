using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using Kaa.Formats;
using Kaa.Formats.Compression;
using Kaa.Formats.Elf;
using Kaa.Tests.Unit.Formats.Compression;

namespace Kaa.Tests.Unit.Formats.Elf;

public sealed class ElfFileTests
{
    [Fact]
    public void Sections_are_read_with_their_names()
    {
        using ElfFile file = ElfFile.Open(new ElfBuilder().Section(".a", [1, 2, 3]).NoBits(".bss", 0x5000, 0x100).Build());
        file.Sections.Select(section => section.Name).ShouldBe(["", ".a", ".bss", ".shstrtab"]);
        file.ReadSection(file.FindSection(".a")!).ShouldBe([1, 2, 3]);
        ElfSection bss = file.FindSection(".bss").ShouldNotBeNull();
        bss.HasContent.ShouldBeFalse();
        bss.Size.ShouldBe(0x100ul);
        Should.Throw<BadData>(() => file.ReadSection(bss));
        file.FindSection(".none").ShouldBeNull();
    }

    [Fact]
    public void A_file_without_sections_has_headers_and_build_id()
    {
        using ElfFile file = ElfFile.Open(new ElfBuilder().Build());
        file.Sections.ShouldBeEmpty();
        file.Symbols.ShouldBeNull();
        file.BuildId.ShouldBe([0xde, 0xad, 0xbe, 0xef]);
        file.ProgramHeaders.Count.ShouldBe(4);
        file.DebugLink.ShouldBeNull();
        file.DebugAltLink.ShouldBeNull();
    }

    [Fact]
    public void Symbols_are_found_by_name_and_by_address()
    {
        ElfBuilder builder = ElfImageTests.Forty(new ElfBuilder());
        builder.Symbol("function", 0x5000, 0x40, ElfSymbolType.Function).Symbol("inner", 0x5010, 0x10, ElfSymbolType.Function);
        builder.Symbol("assembly", 0x6000, 0, ElfSymbolType.Function);
        using ElfFile file = ElfFile.Open(builder.SymbolTable().Build());
        ElfSymbolTable symbols = file.Symbols.ShouldNotBeNull();
        file.FindSymbol("symbol_39")!.Value.Value.ShouldBe(0x1000ul + (39 * 8));
        file.FindSymbol("symbol_4")!.Value.Value.ShouldBe(0x1000ul + (4 * 8));
        file.FindSymbol("ymbol_4").ShouldBeNull();
        At(symbols, 0x1007).ShouldBe("symbol_0");
        At(symbols, 0x1008).ShouldBe("symbol_1");
        At(symbols, 0x5000).ShouldBe("function");
        At(symbols, 0x5010).ShouldBe("inner");
        At(symbols, 0x5020).ShouldBe("function");
        At(symbols, 0x5040).ShouldBeNull();
        At(symbols, 0x6123).ShouldBe("assembly");
        At(symbols, 0xfff).ShouldBeNull();
        symbols.Between(0x1008, 0x1018).ToArray().Select(symbols.NameOf).ShouldBe(["symbol_1", "symbol_2"]);
        symbols.Between(0x1018, 0x1008).Length.ShouldBe(0);
    }

    [Fact]
    public void A_global_symbol_wins_over_a_local_one_of_the_same_name_and_an_undefined_one_is_none()
    {
        ElfBuilder builder = new ElfBuilder().Symbol("x", 0x100, binding: 0).Symbol("x", 0x200).Symbol("x", 0x300, binding: 0).Symbol("used", 0, section: 0);
        using ElfFile file = ElfFile.Open(builder.SymbolTable().Build());
        file.Symbols!.FindAll(["used", "x"]).Select(symbol => symbol?.Value).ShouldBe([null, 0x200ul]);
    }

    [Fact]
    public void A_long_name_and_one_across_pieces_of_the_string_table_are_found()
    {
        var builder = new ElfBuilder();
        string longName = new('y', 3000);
        for (int i = 0; i < 30; i++)
            builder.Symbol(new string('x', 2500) + i, 0x1000 + ((ulong)i * 8));
        byte[] bytes = SymbolsOnly(builder.Symbol(longName, 0x2000));
        using ElfFile file = ElfFile.Open(bytes);
        for (int i = 0; i < 30; i++)
            file.FindSymbol(new string('x', 2500) + i)!.Value.Value.ShouldBe(0x1000 + ((ulong)i * 8));
        file.Symbols!.NameOf(file.FindSymbol(longName)!.Value).ShouldBe(longName);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Compressed_sections_are_inflated(bool standard)
    {
        byte[] content = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("hello ", 1000)));
        ElfBuilder builder = standard
            ? new ElfBuilder().Section(".debug_info", Standard(1, (ulong)content.Length, content), 0x800)
            : new ElfBuilder().Section(".zdebug_info", Old(content));
        using ElfFile file = ElfFile.Open(builder.Build());
        file.ReadSection(file.Sections[1]).ShouldBe(content);
    }

    [Fact]
    public void A_section_compressed_by_zstd_is_inflated()
    {
        byte[] content = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("hello ", 2_000_000)));
        byte[] header = new byte[24];
        header[0] = 2;
        BinaryPrimitives.WriteUInt64LittleEndian(header.AsSpan(8), (ulong)content.Length);
        byte[] packed = [.. header, .. UnpackingTests.Pack(PackedFormat.Zstd, content)];
        using ElfFile file = ElfFile.Open(new ElfBuilder().Section(".debug_info", packed, 0x800).Build());
        file.ReadSection(file.Sections[1]).AsSpan().SequenceEqual(content).ShouldBeTrue();
    }

    [Theory]
    [InlineData(3u, 100ul, "type 3")]
    [InlineData(1u, 101ul, "fewer")]
    [InlineData(1u, 1ul << 40, "can't inflate")]
    public void A_compressed_section_that_lies_is_bad_data(uint type, ulong size, string rule)
    {
        using ElfFile file = ElfFile.Open(new ElfBuilder().Section(".debug_info", Standard(type, size, new byte[100]), 0x800).Build());
        Should.Throw<BadData>(() => file.ReadSection(file.Sections[1])).Rule.ShouldContain(rule);
    }

    [Fact]
    public void Broken_compressed_data_is_bad_data()
    {
        byte[] packed = Standard(1, 100, new byte[100]);
        packed[26] ^= 0x55;
        using ElfFile file = ElfFile.Open(new ElfBuilder().Section(".debug_info", packed, 0x800).Build());
        Should.Throw<BadData>(() => file.ReadSection(file.Sections[1]));
    }

    [Fact]
    public void Links_to_debug_files_are_read()
    {
        byte[] link = [.. "libx.so.debug\0\0\0"u8, 0x78, 0x56, 0x34, 0x12];
        byte[] altLink = [.. "../.dwz/x.debug\0"u8, 1, 2, 3];
        using ElfFile file = ElfFile.Open(new ElfBuilder().Section(".gnu_debuglink", link).Section(".gnu_debugaltlink", altLink).Build());
        file.DebugLink.ShouldBe(("libx.so.debug", 0x12345678u));
        file.DebugAltLink!.Value.FileName.ShouldBe("../.dwz/x.debug");
        file.DebugAltLink.Value.BuildId.ShouldBe([1, 2, 3]);
    }

    [Theory]
    [InlineData("libx.so.debug")]
    [InlineData("libx.so.debug\0\0\0\u0001\u0002")]
    public void A_cut_link_is_bad_data(string link)
    {
        using ElfFile file = ElfFile.Open(new ElfBuilder().Section(".gnu_debuglink", Encoding.ASCII.GetBytes(link)).Build());
        Should.Throw<BadData>(() => file.DebugLink);
    }

    [Fact]
    public void A_cut_file_is_bad_data_where_it_matters()
    {
        byte[] bytes = new ElfBuilder().Section(".a", [1, 2, 3]).Build();
        Should.Throw<BadData>(() => ElfFile.Open(bytes.AsMemory(..63)));
        Should.Throw<BadData>(() => ElfFile.Open(bytes.AsMemory(..100)));
        Should.Throw<BadData>(() => ElfFile.Open(Array.Empty<byte>()));
        using ElfFile file = ElfFile.Open(bytes.AsMemory(..^10));
        Should.Throw<BadData>(() => file.Sections);
    }

    [Fact]
    public void A_count_beyond_the_limit_is_refused_before_anything_is_allocated()
    {
        byte[] bytes = new ElfBuilder().Section(".a", [1]).Build();
        int table = (int)BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(40));
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(60), 0);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(table + 32), ulong.MaxValue);
        using ElfFile file = ElfFile.Open(bytes);
        Should.Throw<BadData>(() => file.Sections);
    }

    [Fact]
    public void A_stream_is_read_as_memory_is_and_closed_in_the_end()
    {
        var stream = new MemoryStream(new ElfBuilder().Symbol("a", 0x100).SymbolTable().Build());
        using (ElfFile file = ElfFile.Open(stream))
            file.FindSymbol("a")!.Value.Value.ShouldBe(0x100ul);
        stream.CanRead.ShouldBeFalse();
    }

    private static string? At(ElfSymbolTable symbols, ulong address) => symbols.FindByAddress(address) is { } symbol ? symbols.NameOf(symbol) : null;

    /// <summary>For symbols that do not fit in the builder's own dynamic table: only the sections of the file.</summary>
    private static byte[] SymbolsOnly(ElfBuilder builder) => builder.SymbolTable().WithoutDynamic().Build();

    private static byte[] Standard(uint type, ulong size, byte[] content)
    {
        byte[] header = new byte[24];
        BinaryPrimitives.WriteUInt32LittleEndian(header, type);
        BinaryPrimitives.WriteUInt64LittleEndian(header.AsSpan(8), size);
        return [.. header, .. Deflate(content)];
    }

    private static byte[] Old(byte[] content)
    {
        byte[] header = [.. "ZLIB"u8, 0, 0, 0, 0, 0, 0, 0, 0];
        BinaryPrimitives.WriteUInt64BigEndian(header.AsSpan(4), (ulong)content.Length);
        return [.. header, .. Deflate(content)];
    }

    private static byte[] Deflate(byte[] content)
    {
        var packed = new MemoryStream();
        using (var deflater = new ZLibStream(packed, CompressionLevel.Optimal))
            deflater.Write(content);
        return packed.ToArray();
    }
}
