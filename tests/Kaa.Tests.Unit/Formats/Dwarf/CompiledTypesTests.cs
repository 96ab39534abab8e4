using System.Globalization;
using Kaa.Formats.Dwarf;
using Kaa.Formats.Elf;

namespace Kaa.Tests.Unit.Formats.Dwarf;

/// <summary>Layouts read from the debug information of a real program, against what the program itself prints.</summary>
public sealed class CompiledTypesTests
{
    // Each P(struct, path) prints what offsetof and sizeof say.
    private const string Source = """
        #include <stddef.h>
        #include <stdint.h>
        #include <stdio.h>
        #include <string.h>
        struct opaque;
        struct inner { char c; long locked; int table[3]; };
        typedef struct { struct inner gil; const volatile struct inner *pointer; } ceval_t;
        typedef struct _ts { struct _ts *prev, *next; ceval_t ceval; union { int refcnt; unsigned char split[4]; }; struct opaque *other;
            struct { short a; struct { long deep; }; } named; struct inner many[5]; int matrix[4][7]; char big[256]; unsigned flag : 3;
            unsigned second : 7; unsigned third : 22; uint64_t wide : 40; double last; char tail[]; } ThreadState;
        typedef const ThreadState ConstState;
        typedef union { int i; struct inner in; char bytes[33]; } Either;
        struct empty_array { int n; int zero[0]; char after; };
        enum kind { one, two };
        struct with_enum { enum kind kind; _Bool truth; int (*call)(struct opaque *); long double wide; };
        #define P(type, path) printf(#type " " #path " %zu %zu\n", offsetof(type, path), sizeof(((type *)0)->path))
        ThreadState state; ConstState constant; Either either; struct empty_array ea; struct with_enum we;
        static int in_function(int n) { struct local { int only; } l = { n }; return l.only; }
        int main(int argc, char **argv) {
            (void)argv;
            P(struct _ts, prev); P(struct _ts, next); P(struct _ts, ceval); P(struct _ts, ceval.gil); P(struct _ts, ceval.gil.locked);
            P(struct _ts, ceval.gil.table); P(struct _ts, ceval.gil.table[2]); P(struct _ts, ceval.pointer); P(struct _ts, refcnt);
            P(struct _ts, split); P(struct _ts, split[3]); P(struct _ts, other); P(struct _ts, named.a); P(struct _ts, named.deep);
            P(struct _ts, many[3].locked); P(struct _ts, many); P(struct _ts, matrix); P(struct _ts, matrix[2]); P(struct _ts, big);
            P(struct _ts, big[255]); P(struct _ts, last); P(ThreadState, last); P(ConstState, ceval.gil.locked); P(Either, in.locked);
            P(Either, bytes); P(struct inner, locked); P(struct empty_array, after); P(struct with_enum, kind); P(struct with_enum, truth);
            P(struct with_enum, call); P(struct with_enum, wide);
            return in_function(argc) - argc + (int)sizeof state - (int)sizeof constant + (state.flag & either.i & ea.n & (int)we.kind);
        }
        """;

    private static readonly string[] s_names = ["_ts", "ThreadState", "ConstState", "Either", "inner", "empty_array", "with_enum", "opaque", "nowhere", "local"];

    [Theory]
    [InlineData("-gdwarf-2")]
    [InlineData("-gdwarf-3")]
    [InlineData("-gdwarf-4")]
    [InlineData("-gdwarf-5")]
    [InlineData("-gdwarf-2", "-gstrict-dwarf")]
    [InlineData("-gdwarf-4", "-gstrict-dwarf", "-O2")]
    [InlineData("-gdwarf-5", "-gz=zlib")]
    [InlineData("-gdwarf-4", "-gz=zlib-gnu")]
    [InlineData("-gdwarf-4", "-fdebug-types-section")]
    [InlineData("-gdwarf-5", "-fdebug-types-section")]
    [InlineData("-gdwarf-5", "-gdwarf64")]
    [InlineData("-gdwarf-4", "-gdwarf64", "-O2")]
    [InlineData("-gdwarf-5", "-flto")]
    [InlineData("-gdwarf-5", "-fno-eliminate-unused-debug-types", "-O3")]
    [InlineData("-gdwarf-5", "-fno-merge-debug-strings")]
    public void Offsets_and_sizes_are_those_that_the_program_prints(params string[] options)
    {
        using var program = new CompiledProgram(Source, ["-Wno-pedantic", .. options]);
        using ElfFile file = ElfFile.Open(File.OpenRead(program.Path));
        IReadOnlyDictionary<string, StructLayout> layouts = DwarfTypes.Find(file, s_names);
        string[] lines = CompiledProgram.Run(program.Path, []).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        lines.Length.ShouldBe(31);
        foreach (string line in lines)
        {
            string[] words = line.Replace("struct ", "", StringComparison.Ordinal).Split(' ');
            layouts[words[0]].TryMember(words[1], out MemberPlace place).ShouldBeTrue(line);
            place.Offset.ShouldBe(long.Parse(words[2], CultureInfo.InvariantCulture), line);
            place.Size.ShouldBe(long.Parse(words[3], CultureInfo.InvariantCulture), line);
        }

        layouts.Keys.ShouldNotContain("opaque");
        layouts.Keys.ShouldNotContain("nowhere");
        layouts.Keys.ShouldNotContain("local");
        layouts["_ts"].Size.ShouldBe(layouts["ThreadState"].Size);
    }

    [Theory]
    [InlineData("-gdwarf-2")]
    [InlineData("-gdwarf-3")]
    [InlineData("-gdwarf-4")]
    [InlineData("-gdwarf-5")]
    [InlineData("-gdwarf-4", "-gstrict-dwarf")]
    public void Bit_fields_lie_where_the_compiler_puts_them(params string[] options)
    {
        using var program = new CompiledProgram(Source, options);
        using ElfFile file = ElfFile.Open(File.OpenRead(program.Path));
        StructLayout layout = DwarfTypes.Find(file, ["_ts"])["_ts"];
        layout.TryMember("big", out MemberPlace big).ShouldBeTrue();
        long bits = (big.Offset + 256) * 8;
        BitsOf(layout, "flag").ShouldBe((bits, 3));
        BitsOf(layout, "second").ShouldBe((bits + 3, 7));
        BitsOf(layout, "third").ShouldBe((bits + 10, 22));
        (long wide, int wideSize) = BitsOf(layout, "wide");
        wideSize.ShouldBe(40);
        wide.ShouldBe((bits + 32 + 63) / 64 * 64);
    }

    [Fact]
    public void Arrays_without_length_and_wrong_paths_are_handled()
    {
        using var program = new CompiledProgram(Source, "-g");
        using ElfFile file = ElfFile.Open(File.OpenRead(program.Path));
        StructLayout layout = DwarfTypes.Find(file, ["_ts"])["_ts"];
        layout.TryMember("tail", out MemberPlace tail).ShouldBeTrue();
        tail.Size.ShouldBe(0);
        layout.TryOffset("tail[10]", out int tenth).ShouldBeTrue();
        tenth.ShouldBe((int)tail.Offset + 10);
        foreach (string path in new[] { "", ".", "none", "prev.next", "many[5]", "many[-1]", "many[x]", "many[1", "prev[0]", "ceval..gil", "ceval.gil.locked.x" })
            layout.TryOffset(path, out _).ShouldBeFalse(path);
    }

    [Fact]
    public void A_program_without_debug_information_has_no_structs()
    {
        using var program = new CompiledProgram(Source, "-g0");
        using ElfFile file = ElfFile.Open(File.OpenRead(program.Path));
        DwarfTypes.Find(file, s_names).ShouldBeEmpty();
    }

    private static (long Bits, int Size) BitsOf(StructLayout layout, string path)
    {
        layout.TryMember(path, out MemberPlace place).ShouldBeTrue();
        return ((place.Offset * 8) + place.BitOffset, place.BitSize);
    }
}
