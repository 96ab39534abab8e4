using Kaa.Formats.Dwarf;
using Kaa.Formats.Elf;

namespace Kaa.Tests.Unit.Formats.Fuzz;

public sealed class DamagedDwarfTests
{
    private const int Rounds = 400;

    private const string Source =
        "struct inner { char c; long locked; int table[3]; unsigned f : 3; };\n" +
        "typedef struct _ts { struct _ts *prev; struct inner gil; union { int a; char b[4]; }; struct inner many[5]; int m[4][7]; } State;\n" +
        "State state; struct other { int x; } other; enum { one } e; static int f(int n) { struct local { int l; } v = { n }; return v.l; }\n" +
        "int main(int argc, char **argv) { (void)argv; return f(argc) + (int)sizeof state + other.x + e; }\n";

    [Theory]
    [InlineData("-gdwarf-2")]
    [InlineData("-gdwarf-4")]
    [InlineData("-gdwarf-5")]
    [InlineData("-gdwarf-4", "-fdebug-types-section")]
    [InlineData("-gdwarf-5", "-fdebug-types-section")]
    [InlineData("-gdwarf-5", "-gz=zlib")]
    public void Damaged_debug_information_is_bad_data_or_is_read(params string[] options)
    {
        using var program = new CompiledProgram(Source, [.. options, "-nostartfiles", "-nostdlib", "-Wl,-e,main"]);
        byte[] good = File.ReadAllBytes(program.Path);
        using ElfFile file = ElfFile.Open(good);
        DwarfTypes.Find(file, ["_ts", "State"]).Count.ShouldBe(2);
        int refused = 0;
        int accepted = 0;
        foreach (ElfSection section in file.Sections)
        {
            if (!section.Name.StartsWith(".debug_info", StringComparison.Ordinal) && section.Name is not (".debug_abbrev" or ".debug_types" or ".debug_str"))
                continue;
            Range range = (int)section.Offset..(int)(section.Offset + section.Size);
            (int no, int yes) = Mutation.Run(good, Rounds, ReadAll, range);
            refused += no;
            accepted += yes;
        }

        refused.ShouldBeGreaterThan(0);
        accepted.ShouldBeGreaterThan(0);
    }

    private static void ReadAll(byte[] bytes)
    {
        using ElfFile file = ElfFile.Open(bytes);
        foreach (StructLayout layout in DwarfTypes.Find(file, ["_ts", "State", "inner", "other", "nowhere"]).Values)
        {
            layout.TryOffset("gil.locked", out _);
            layout.TryOffset("many[3].table[1]", out _);
            layout.TryOffset("b[2]", out _);
        }
    }
}
