using Kaa.Formats.Elf;

namespace Kaa.Tests.Unit.Formats.Elf;

/// <summary>Files that real tools made.</summary>
public sealed class CompiledElfTests
{
    private const string Source =
        "static int counter; int shared = 7; __attribute__((noinline)) static int hidden(int x) { return x + counter; }\n" +
        "int main(int argc, char **argv) { (void)argv; return hidden(argc) - hidden(argc); }\n";

    [Theory]
    [InlineData("-Wl,--hash-style=gnu")]
    [InlineData("-Wl,--hash-style=sysv")]
    [InlineData("-static")]
    public void Symbols_agree_with_nm(string option)
    {
        using var program = new CompiledProgram(Source, "-g", "-Wl,--build-id", option);
        using ElfFile file = ElfFile.Open(File.OpenRead(program.Path));
        foreach (string line in CompiledProgram.Run("nm", [program.Path]).Split('\n'))
        {
            if (line.EndsWith(" counter", StringComparison.Ordinal) || line.EndsWith(" hidden", StringComparison.Ordinal) || line.EndsWith(" main", StringComparison.Ordinal))
                file.FindSymbol(line.Split(' ')[^1])!.Value.Value.ShouldBe(Convert.ToUInt64(line.Split(' ')[0], 16));
        }

        ElfSymbol hidden = file.FindSymbol("hidden").ShouldNotBeNull();
        file.Symbols!.NameOf(file.Symbols.FindByAddress(hidden.Value + 2)!.Value).ShouldBe("hidden");
        file.FindSymbol("counter")!.Value.Binding.ShouldBe(ElfSymbolBinding.Local);
        file.FindSymbol("shared")!.Value.Size.ShouldBe(4ul);
    }

    [Fact]
    public void A_separated_debug_file_has_the_same_build_id_and_the_symbols()
    {
        using var program = new CompiledProgram(Source, "-g", "-Wl,--build-id");
        string debug = program.In("program.debug");
        CompiledProgram.Run("objcopy", ["--only-keep-debug", program.Path, debug]);
        CompiledProgram.Run("strip", [program.Path]);
        CompiledProgram.Run("objcopy", ["--add-gnu-debuglink=" + debug, program.Path]);
        using ElfFile stripped = ElfFile.Open(File.OpenRead(program.Path));
        using ElfFile separate = ElfFile.Open(File.OpenRead(debug));
        stripped.FindSymbol("hidden").ShouldBeNull();
        stripped.DebugLink!.Value.FileName.ShouldBe("program.debug");
        separate.BuildId.ShouldBe(stripped.BuildId.ShouldNotBeNull());
        separate.FindSymbol("hidden").ShouldNotBeNull();
        separate.FindSection(".text")!.HasContent.ShouldBeFalse();
    }

    [Theory]
    [InlineData("-gz=zlib")]
    [InlineData("-gz=zlib-gnu")]
    public void Debug_sections_compressed_by_the_toolchain_are_those_uncompressed(string option)
    {
        using var plain = new CompiledProgram(Source, "-g", "-gz=none");
        using var packed = new CompiledProgram(Source, "-g", option);
        using ElfFile plainFile = ElfFile.Open(File.OpenRead(plain.Path));
        using ElfFile packedFile = ElfFile.Open(File.OpenRead(packed.Path));
        ElfSection section = (packedFile.FindSection(".debug_abbrev") ?? packedFile.FindSection(".zdebug_abbrev")).ShouldNotBeNull();
        packedFile.Sections.ShouldContain(each => each.IsCompressed || each.Name.StartsWith(".zdebug", StringComparison.Ordinal));
        packedFile.ReadSection(section).ShouldBe(plainFile.ReadSection(plainFile.FindSection(".debug_abbrev")!));
    }
}
