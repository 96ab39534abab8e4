using System.Globalization;
using System.Text.RegularExpressions;
using Kaa.Formats.Dwarf;
using Kaa.Formats.Elf;

namespace Kaa.Tests.Unit.Formats.Dwarf;

/// <summary>Where the code of source lines begins, beside what readelf has decoded.</summary>
public sealed partial class SourceLineTests
{
    private const string Source =
        "volatile int sink;\n" +
        "static inline __attribute__((always_inline)) int third(int x) { sink = x; return x * 7; }\n" +
        "\n" +
        "__attribute__((noinline)) int first(int x) {\n" +
        "  int y = third(x);\n" +
        "  for (int i = 0; i < x; i++)\n" +
        "    sink += third(i);\n" +
        "  return y;\n" +
        "}\n" +
        "int main(int argc, char **argv) { (void)argv; return first(argc) + third(argc); }\n";

    [Theory]
    [InlineData("-O2", "-gdwarf-5")]
    [InlineData("-O2", "-gdwarf-4")]
    [InlineData("-O2", "-gdwarf-2")]
    [InlineData("-O0", "-gdwarf-5")]
    public void Lines_begin_where_readelf_has_their_statements(params string[] options)
    {
        using var program = new CompiledProgram(Source, options);
        using ElfFile file = ElfFile.Open(File.ReadAllBytes(program.Path));
        var expected = new SortedDictionary<int, SortedSet<ulong>>();
        foreach (Match row in Row().Matches(CompiledProgram.Run("readelf", ["--debug-dump=decodedline", program.Path])))
        {
            int line = int.Parse(row.Groups[1].Value, CultureInfo.InvariantCulture);
            if (!expected.TryGetValue(line, out SortedSet<ulong>? addresses))
                expected.Add(line, addresses = []);
            addresses.Add(ulong.Parse(row.Groups[2].Value, NumberStyles.HexNumber, CultureInfo.InvariantCulture));
        }

        expected.Count.ShouldBeGreaterThan(4);
        for (int line = 1; line <= 10; line++)
        {
            IReadOnlyList<DwarfLinePlace> found = DwarfLines.Find(file, null, "program.c", line, out bool knowsFile);
            knowsFile.ShouldBeTrue();
            int nearest = expected.Keys.FirstOrDefault(known => known >= line);
            if (nearest == 0)
            {
                found.ShouldBeEmpty();
                continue;
            }

            found.ShouldAllBe(place => place.Line == nearest && expected[nearest].Contains(place.Address));
            found.Min(place => place.Address).ShouldBe(expected[nearest].Min);
        }
    }

    [Fact]
    public void Files_are_known_by_the_end_of_their_path()
    {
        using var program = new CompiledProgram(Source, ["-g"]);
        using ElfFile file = ElfFile.Open(File.ReadAllBytes(program.Path));
        DwarfLines.Find(file, null, "ogram.c", 4, out bool isPart).ShouldBeEmpty();
        isPart.ShouldBeFalse();
        DwarfLines.Find(file, null, "elsewhere/program.c", 4, out bool isElsewhere).ShouldBeEmpty();
        isElsewhere.ShouldBeFalse();
        DwarfLines.Find(file, null, "program.c", 4, out _).ShouldNotBeEmpty();
    }

    // File name, line, address, view or nothing, x for a statement.
    [GeneratedRegex(@"^program\.c\s+(\d+)\s+0x([0-9a-f]+)(?:\s+\d+)?\s+x$", RegexOptions.Multiline)]
    private static partial Regex Row();
}
