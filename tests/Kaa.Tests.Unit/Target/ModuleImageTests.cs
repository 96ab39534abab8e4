using Kaa.Formats;
using Kaa.Formats.Elf;
using Kaa.Formats.ProcText;
using Kaa.Target;
using Kaa.Tests.Unit.Formats.Elf;

namespace Kaa.Tests.Unit.Target;

public sealed class ModuleImageTests
{
    private const ulong Start = 0x7f0000000000;
    private const string Path = "/usr/lib/libx.so";

    private readonly FakeTargetFiles _files = new();

    [Fact]
    public void A_dynamic_symbol_is_found_without_opening_a_file()
    {
        using ModuleImages images = Load(new ElfBuilder().Symbol("a", 0x1000, size: 24));
        ModuleImage image = Image(images);
        image.FindSymbol("a").ShouldBe(new Address(Start + 0x1000));
        image.FindDataSymbolSize("a").ShouldBe(24ul);
        _files.Opened.ShouldBe(0);
        image.BuildId.ShouldBe([0xde, 0xad, 0xbe, 0xef]);
    }

    [Fact]
    public void A_local_symbol_comes_from_the_mapped_file_of_the_same_build()
    {
        using ModuleImages images = Load(new ElfBuilder().Symbol("a", 0x1000));
        _files.Mapped[Path] = FileWith("local", 0x1100);
        Image(images).FindSymbol("local").ShouldBe(new Address(Start + 0x1100));
    }

    [Fact]
    public void A_file_of_another_build_is_not_believed()
    {
        using ModuleImages images = Load(new ElfBuilder().Symbol("a", 0x1000));
        _files.Mapped[Path] = new ElfBuilder { BuildId = [1, 2, 3, 4] }.Symbol("local", 0x1100).SymbolTable().Build();
        Image(images).File.ShouldBeNull();
        Image(images).FindSymbol("local").ShouldBeNull();
    }

    [Theory]
    [InlineData(0x1000ul, true)]
    [InlineData(0x1008ul, false)]
    public void Without_build_ids_the_first_page_must_agree(ulong valueInFile, bool same)
    {
        using ModuleImages images = Load(new ElfBuilder { BuildId = null }.Symbol("a", 0x1000));

        // The section headers' place is not part of the image that was built without them: it has to be the same in both.
        byte[] file = new ElfBuilder { BuildId = null }.Symbol("a", valueInFile).SymbolTable().Build();
        byte[] mapped = new ElfBuilder { BuildId = null }.Symbol("a", 0x1000).SymbolTable().Build();
        FakeMemory memory = new FakeMemory().Add(new Address(Start), mapped[..0x2000]);
        _files.Mapped[Path] = file;
        using var own = new ModuleImages(memory, _files);
        (own.For(Module()).File is not null).ShouldBe(same);
    }

    [Fact]
    public void A_broken_file_is_as_good_as_none()
    {
        using ModuleImages images = Load(new ElfBuilder().Symbol("a", 0x1000));
        _files.Mapped[Path] = FileWith("local", 0x1100)[..^700];
        ModuleImage image = Image(images);
        image.FindSymbol("a").ShouldNotBeNull();
        image.FindSymbol("local").ShouldBeNull();
        image.FindSection(".PyRuntime").ShouldBeNull();
    }

    [Fact]
    public void A_separate_debug_file_is_found_by_build_id()
    {
        using ModuleImages images = Load(new ElfBuilder().Symbol("a", 0x1000));
        _files.ByPath["/usr/lib/debug/.build-id/de/adbeef.debug"] = FileWith("static_in_debug", 0x1200);
        Image(images).FindSymbol("static_in_debug").ShouldBe(new Address(Start + 0x1200));
    }

    [Theory]
    [InlineData("/usr/lib/libx.debug", true)]
    [InlineData("/usr/lib/.debug/libx.debug", true)]
    [InlineData("/usr/lib/debug/usr/lib/libx.debug", true)]
    [InlineData("/tmp/libx.debug", false)]
    public void A_separate_debug_file_is_found_by_the_link_in_the_file(string path, bool found)
    {
        using ModuleImages images = Load(new ElfBuilder().Symbol("a", 0x1000));
        _files.Mapped[Path] = new ElfBuilder().Section(".gnu_debuglink", [.. "libx.debug\0\0"u8, 1, 2, 3, 4]).Build();
        _files.ByPath[path] = FileWith("static_in_debug", 0x1200);
        Image(images).FindSymbol("static_in_debug").HasValue.ShouldBe(found);
    }

    [Fact]
    public void A_linked_debug_file_of_another_build_is_not_believed()
    {
        using ModuleImages images = Load(new ElfBuilder().Symbol("a", 0x1000));
        _files.Mapped[Path] = new ElfBuilder().Section(".gnu_debuglink", [.. "libx.debug\0\0"u8, 1, 2, 3, 4]).Build();
        _files.ByPath["/usr/lib/libx.debug"] = new ElfBuilder { BuildId = [9, 9] }.Symbol("static_in_debug", 0x1200).SymbolTable().Build();
        Image(images).FindSymbol("static_in_debug").ShouldBeNull();
    }

    [Theory]
    [InlineData("/usr/lib/debug/.build-id/01/0203.debug")]
    [InlineData("/usr/lib/debug/.dwz/common.debug")]
    public void Debug_information_comes_with_its_supplementary_file(string altPath)
    {
        using ModuleImages images = Load(new ElfBuilder());
        byte[] link = [.. "../../.dwz/common.debug\0"u8, 1, 2, 3];
        _files.ByPath["/usr/lib/debug/.build-id/de/adbeef.debug"] = new ElfBuilder().Section(".debug_info", [1]).Section(".gnu_debugaltlink", link).Build();
        _files.ByPath[altPath] = new ElfBuilder { BuildId = [1, 2, 3] }.Build();
        DebugInfo info = Image(images).DebugInfo.ShouldNotBeNull();
        info.File.ShouldBeSameAs(Image(images).DebugFile);
        info.Alt.ShouldNotBeNull().BuildId.ShouldBe([1, 2, 3]);
    }

    [Fact]
    public void Debug_information_of_the_mapped_file_itself_comes_first()
    {
        using ModuleImages images = Load(new ElfBuilder());
        Image(images).DebugInfo.ShouldBeNull();
        using ModuleImages others = Load(new ElfBuilder());
        _files.Mapped[Path] = new ElfBuilder().Section(".debug_info", [1]).Build();
        Image(others).DebugInfo.ShouldNotBeNull().File.ShouldBeSameAs(Image(others).File);
        Image(others).DebugInfo!.Alt.ShouldBeNull();
    }

    [Fact]
    public void A_loaded_section_is_found_and_others_are_not()
    {
        using ModuleImages images = Load(new ElfBuilder());
        _files.Mapped[Path] = new ElfBuilder()
            .NoBits(".PyRuntime", ElfBuilder.DataAddress + 0x80, 0x1000)
            .Section(".comment", [1])
            .Build();
        Image(images).FindSection(".PyRuntime").ShouldBe((new Address(Start + ElfBuilder.DataAddress + 0x80), 0x1000ul));
        Image(images).FindSection(".comment").ShouldBeNull();
        Image(images).FindSection(".none").ShouldBeNull();
    }

    [Fact]
    public void Writable_ranges_are_data_and_bss()
    {
        using ModuleImages images = Load(new ElfBuilder());
        Image(images).WritableRanges.ShouldBe([(new Address(Start + ElfBuilder.DataAddress), ElfBuilder.DataSize + ElfBuilder.BssSize)]);
    }

    [Fact]
    public void A_thread_local_symbol_has_no_address()
    {
        using ModuleImages images = Load(new ElfBuilder().Symbol("tls", 0x10, type: ElfSymbolType.ThreadLocal));
        Image(images).FindSymbol("tls").ShouldBeNull();
    }

    [Fact]
    public void A_file_that_is_mapped_only_to_be_read_is_no_image()
    {
        FakeMemory memory = new FakeMemory().Add(new Address(Start), new ElfBuilder().Symbol("a", 0x1000).Build());
        var mapping = new Mapping(new Address(Start), new Address(Start + 0x5000), MappingAccess.Read, 0, 0, 1, Path, false);
        using var images = new ModuleImages(memory, _files);
        ModuleImage image = images.For(new ModuleMap([mapping]).Modules[0]);
        image.Elf.ShouldBeNull();
        image.Identity.Verdict.ShouldBe(ElfVerdict.Supported);
        image.FindSymbol("a").ShouldBeNull();
    }

    [Fact]
    public void What_is_no_ELF_image_answers_nothing()
    {
        using var images = new ModuleImages(new FakeMemory().Add(Start, new byte[0x2000]), _files);
        ModuleImage image = images.For(Module());
        image.Identity.Verdict.ShouldBe(ElfVerdict.NotElf);
        image.FindSymbol("a").ShouldBeNull();
        image.FindSection(".data").ShouldBeNull();
        image.WritableRanges.ShouldBeEmpty();
        image.Segments.ShouldBeEmpty();
        image.BuildId.ShouldBeNull();
    }

    [Fact]
    public void A_foreign_architecture_is_named()
    {
        using ModuleImages images = Load(new ElfBuilder { Machine = 183 }.Symbol("a", 0x1000));
        Image(images).Identity.ShouldBe(new ElfIdentity(ElfVerdict.ForeignArchitecture, ElfMachine.AArch64));
        Image(images).FindSymbol("a").ShouldBeNull();
    }

    [Fact]
    public void An_image_is_read_once()
    {
        using ModuleImages images = Load(new ElfBuilder().Symbol("a", 0x1000));
        images.For(Module()).ShouldBeSameAs(images.For(Module()));
    }

    private static byte[] FileWith(string name, ulong value) => new ElfBuilder().Symbol(name, value).SymbolTable().Build();

    private static ModuleImage Image(ModuleImages images) => images.For(Module());

    private static Module Module()
    {
        var data = new Address(Start + ElfBuilder.DataAddress);
        return new ModuleMap(
        [
            new Mapping(new Address(Start), new Address(Start + 0x2000), MappingAccess.Read | MappingAccess.Execute, 0, 0, 1, Path, false),
            new Mapping(data, data + 0x1000, MappingAccess.Read | MappingAccess.Write, ElfBuilder.DataOffset, 0, 1, Path, false),
            new Mapping(data + 0x1000, data + 0x2000, MappingAccess.Read | MappingAccess.Write, 0, 0, 0, "", false),
        ]).Modules[0];
    }

    private ModuleImages Load(ElfBuilder builder) => new(builder.Load(Start), _files);
}
