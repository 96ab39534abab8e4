using Kaa.Doctor.Checks;
using Kaa.Doctor.Gdb;
using Kaa.Formats;
using Kaa.Formats.Dwarf;
using Kaa.Python;
using Kaa.Target;

namespace Kaa.Tests.Unit.Doctor;

/// <summary>What debug information of the interpreter is good for.</summary>
public sealed class DebugQualityTests
{
    private static readonly PythonVersion Version = new(3, 11, 7);

    [Theory]
    [InlineData("GNU C11 12.2.0 -mtune=generic -g -O2 -O3 -fwrapv", "-O3")]
    [InlineData("GNU C11 12.2.0 -g -Og", "-Og")]
    [InlineData("clang version 16.0", null)]
    public void The_last_option_for_speed_counts(string producer, string? expected) => Quality(producer).Optimization.ShouldBe(expected);

    [Fact]
    public void Lines_without_variables_and_nothing_at_all_are_told_apart()
    {
        SymbolsCheck.Weakness(Quality("-g1 -O2", hasLocals: false))!.Code.ShouldBe("debug-info-without-locals");
        SymbolsCheck.Weakness(Quality(null) with { Eval = null })!.Code.ShouldBe("debug-info-partial");
        SymbolsCheck.Weakness(Quality("-g -O2")).ShouldBeNull();
        SymbolsCheck.Weakness(Quality(null) with { HasDebugInfo = false, Eval = null }).ShouldBeNull();
    }

    [Theory]
    [InlineData("-g -O3", true, "gdb-optimized-out")]
    [InlineData("-g -Og", true, null)]
    [InlineData("-g -O0", true, null)]
    [InlineData("-g1 -O2", false, "gdb-no-debug-info")]
    public void What_gdb_s_py_bt_would_find(string producer, bool hasLocals, string? code) =>
        (GdbCheck.Variables(Quality(producer, hasLocals), Version)?.Code).ShouldBe(code);

    private static DebugQuality Quality(string? producer, bool hasLocals = true) => new()
    {
        Module = new Module("/usr/bin/python3.11", new Address(0x400000), [], false),
        HasDebugInfo = true,
        Eval = new DwarfUnitFacts("Python/ceval.c", producer, 5, hasLocals, hasLocals),
    };
}
