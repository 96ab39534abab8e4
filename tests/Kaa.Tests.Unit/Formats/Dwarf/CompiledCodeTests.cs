using System.Globalization;
using Kaa.Formats.Dwarf;
using Kaa.Formats.Elf;

namespace Kaa.Tests.Unit.Formats.Dwarf;

/// <summary>Functions, lines and inlined calls of programs that the compiler made, beside what addr2line says of them.</summary>
public sealed class CompiledCodeTests
{
    private const string Source =
        "volatile int sink;\n" +
        "static inline __attribute__((always_inline)) int third(int x) { sink = x; return x * 7; }\n" +
        "static inline __attribute__((always_inline)) int second(int x) {\n" +
        "  return third(x) + 1;\n" +
        "}\n" +
        "__attribute__((noinline)) int first(int x) {\n" +
        "  int y = second(x);\n" +
        "  if (__builtin_expect(y == 77, 0)) { sink = 1; __builtin_trap(); }\n" +
        "  return y ^ second(x + 1);\n" +
        "}\n" +
        "int main(int argc, char **argv) { (void)argv; return first(argc) + third(argc); }\n";

    [Theory]
    [InlineData("-gdwarf-2")]
    [InlineData("-gdwarf-3")]
    [InlineData("-gdwarf-4")]
    [InlineData("-gdwarf-5")]
    [InlineData("-gdwarf-5", "-gz=zlib")]
    [InlineData("-gdwarf-4", "-gz=zlib-gnu")]
    [InlineData("-gdwarf-4", "-gno-as-locview-support")]
    [InlineData("-gdwarf-5", "-static")]
    public void Every_address_of_the_program_is_told_as_addr2line_tells_it(params string[] options)
    {
        using var program = new CompiledProgram(Source, ["-O2", .. options]);
        using ElfFile file = ElfFile.Open(File.ReadAllBytes(program.Path));
        Compare(DwarfCode.Open(file, null), file, program.Path).ShouldBeGreaterThan(40);
    }

    [Theory]
    [InlineData("-gdwarf-4")]
    [InlineData("-gdwarf-5")]
    public void Debug_information_of_the_64_bit_format_tells_the_same(string version)
    {
        using var program = new CompiledProgram(Source, ["-O2", version]);
        CompiledProgram.Run("gcc", ["-O2", version, "-gdwarf64", "-o", program.In("wide"), program.In("program.c")]);
        using ElfFile file = ElfFile.Open(File.ReadAllBytes(program.In("wide")));
        Compare(DwarfCode.Open(file, null), file, program.Path).ShouldBeGreaterThan(40);
    }

    [Fact]
    public void A_section_index_of_addresses_is_not_needed()
    {
        using var program = new CompiledProgram(Source, ["-O2", "-g"]);
        CompiledProgram.Run("objcopy", ["--remove-section=.debug_aranges", program.Path, program.In("bare")]);
        using ElfFile file = ElfFile.Open(File.ReadAllBytes(program.In("bare")));
        file.FindSection(".debug_aranges").ShouldBeNull();
        Compare(DwarfCode.Open(file, null), file, program.Path).ShouldBeGreaterThan(40);
    }

    [Fact]
    public void Inlined_calls_stand_before_the_function_that_they_are_in()
    {
        using var program = new CompiledProgram(Source, ["-O2", "-g"]);
        using ElfFile file = ElfFile.Open(File.ReadAllBytes(program.Path));
        DwarfCode code = DwarfCode.Open(file, null);
        ElfSymbol first = file.FindSymbol("first")!.Value;
        IReadOnlyList<DwarfCodeFrame> deepest = Enumerable.Range(0, (int)first.Size).Select(i => code.Find(first.Value + (ulong)i)).MaxBy(frames => frames.Count)!;
        deepest.Select(frame => frame.Name).ShouldBe(["third", "second", "first"]);
        deepest.Select(frame => frame.Inlined).ShouldBe([true, true, false]);
        deepest[1].Line.ShouldBe(4);
        deepest[2].Start.ShouldBe(first.Value);
        deepest[2].IsC.ShouldBeTrue();
    }

    [Fact]
    public void A_program_without_debug_information_tells_nothing()
    {
        using var program = new CompiledProgram(Source, ["-O2", "-g0"]);
        using ElfFile file = ElfFile.Open(File.ReadAllBytes(program.Path));
        DwarfCode.Open(file, null).Find(file.FindSymbol("main")!.Value.Value).ShouldBeEmpty();
    }

    [Fact]
    public void Names_that_dwz_moved_into_a_second_file_are_found_there()
    {
        // dwz is not there on every machine.
        if (!File.Exists("/usr/bin/dwz"))
            return;
        using var program = new CompiledProgram(Source, ["-O2", "-gdwarf-4"]);
        File.Copy(program.Path, program.In("other"));
        File.Copy(program.Path, program.In("plain"));
        CompiledProgram.Run("dwz", ["-m", program.In("alt"), program.Path, program.In("other")]);
        using ElfFile file = ElfFile.Open(File.ReadAllBytes(program.Path));
        using ElfFile alt = ElfFile.Open(File.ReadAllBytes(program.In("alt")));
        file.DebugAltLink.ShouldNotBeNull();
        Compare(DwarfCode.Open(file, alt), file, program.In("plain")).ShouldBeGreaterThan(40);
    }

    /// <summary>Compares every byte of the program's own functions; gives how many were compared.</summary>
    private static int Compare(DwarfCode code, ElfFile file, string path)
    {
        var addresses = new List<ulong>();
        foreach (string name in (string[])["first", "main"])
        {
            ElfSymbol symbol = file.FindSymbol(name)!.Value;
            for (ulong i = 0; i < symbol.Size; i++)
                addresses.Add(symbol.Value + i);
        }

        string expected = CompiledProgram.Run("addr2line", ["-afi", "-e", path, .. addresses.Select(Hex)]);
        var actual = new List<string>();
        foreach (ulong address in addresses)
        {
            actual.Add("0x" + address.ToString("x16", CultureInfo.InvariantCulture));
            foreach (DwarfCodeFrame frame in code.Find(address))
                actual.AddRange([frame.Name ?? "??", (frame.File ?? "??") + ":" + (frame.Line?.ToString(CultureInfo.InvariantCulture) ?? "?")]);
        }

        string[] lines = [.. expected.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(WithoutDiscriminator)];
        actual.ShouldBe(lines);
        return addresses.Count;
    }

    private static string WithoutDiscriminator(string line)
    {
        int at = line.IndexOf(" (discriminator", StringComparison.Ordinal);
        return at < 0 ? line : line[..at];
    }

    private static string Hex(ulong address) => address.ToString("x", CultureInfo.InvariantCulture);
}
