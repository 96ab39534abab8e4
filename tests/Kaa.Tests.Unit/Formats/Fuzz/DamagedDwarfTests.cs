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

    [Theory]
    [InlineData("-gdwarf-2")]
    [InlineData("-gdwarf-4")]
    [InlineData("-gdwarf-5")]
    public void Damaged_lines_ranges_and_functions_are_bad_data_or_are_read(params string[] options)
    {
        const string Inlining =
            "volatile int sink; static inline __attribute__((always_inline)) int in(int x) { sink = x; return x * 7; }\n" +
            "__attribute__((cold)) void no(int x) { sink = x; }\nint main(int argc, char **argv) { (void)argv; if (in(argc) > 9) no(3); return in(argc + 1); }\n";
        using var program = new CompiledProgram(Inlining, [.. options, "-O2", "-nostartfiles", "-nostdlib", "-Wl,-e,main", "-ffunction-sections"]);
        byte[] good = File.ReadAllBytes(program.Path);
        using ElfFile file = ElfFile.Open(good);
        ElfSymbol main = file.FindSymbol("main")!.Value;
        ReadCode(good, main);
        int refused = 0;
        int accepted = 0;
        foreach (ElfSection section in file.Sections)
        {
            if (!section.Name.StartsWith(".debug_", StringComparison.Ordinal) || section.Size == 0)
                continue;
            Range range = (int)section.Offset..(int)(section.Offset + section.Size);
            (int no, int yes) = Mutation.Run(good, Rounds, bytes => ReadCode(bytes, main), range);
            refused += no;
            accepted += yes;
        }

        refused.ShouldBeGreaterThan(0);
        accepted.ShouldBeGreaterThan(0);
    }

    private static void ReadCode(byte[] bytes, ElfSymbol function)
    {
        using ElfFile file = ElfFile.Open(bytes);
        DwarfCode code = DwarfCode.Open(file, null);
        for (ulong i = 0; i < function.Size; i += 3)
            code.Find(function.Value + i);
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
