using Kaa.Formats.Dwarf;
using Kaa.Formats.Elf;

namespace Kaa.Tests.Unit.Formats.Dwarf;

/// <summary>How much the debug information of one function's unit tells.</summary>
public sealed class UnitFactsTests
{
    private const string Source = """
        struct state { int count; };
        int run(struct state *state, int times) { int sum = 0; for (int i = 0; i < times; i++) sum += state->count; return sum; }
        int main(int argc, char **argv) { struct state s = { argc }; (void)argv; return run(&s, 3) & 1; }
        """;

    [Theory]
    [InlineData(true, "-g", "-O0")]
    [InlineData(true, "-g3", "-O2")]
    [InlineData(true, "-gdwarf-4", "-O2")]
    [InlineData(false, "-g1", "-O0")]
    [InlineData(false, "-g1", "-O2")]
    public void Lines_alone_are_told_from_variables(bool hasLocals, string debug, string optimization)
    {
        using var program = new CompiledProgram(Source, debug, optimization);
        DwarfUnitFacts facts = Facts(program)!;
        facts.HasLocals.ShouldBe(hasLocals);
        facts.Producer!.ShouldContain(optimization);
        facts.Name!.ShouldEndWith(".c");
    }

    [Fact]
    public void A_program_without_debug_information_has_no_unit()
    {
        using var program = new CompiledProgram(Source, "-g0");
        Facts(program).ShouldBeNull();
    }

    private static DwarfUnitFacts? Facts(CompiledProgram program)
    {
        using ElfFile file = ElfFile.Open(File.OpenRead(program.Path));
        return DwarfUnitFacts.At(file, null, file.FindSymbol("main")!.Value.Value);
    }
}
