using Kaa.Formats;
using Kaa.Formats.Elf;
using Kaa.Tests.Unit.Formats.Fuzz;

namespace Kaa.Tests.Unit.Formats.Elf;

public sealed class ElfLinkageTests : IDisposable
{
    private const string Source = """
        #include <math.h>
        #include <stdio.h>
        __thread int local __attribute__((tls_model("initial-exec"))) = 1;
        int one(void) { return puts("1") + local; }
        int two(double x) { return (int)pow(x, x); }
        """;

    private readonly CompiledProgram _library;

    public ElfLinkageTests()
    {
        string script = Path.Combine(Path.GetTempPath(), "kaa-versions-" + Guid.NewGuid().ToString("N"));
        File.WriteAllText(script, "V1 { global: one; local: *; }; V2 { global: two; } V1;");
        _library = new CompiledProgram(
            Source, "-shared", "-fPIC", "-Wl,-soname,libtwo.so.1", "-Wl,--version-script," + script, "-Wl,-rpath,$ORIGIN/x:/y", "-Wl,-z,now", "-Wl,--no-as-needed", "-lm");
        File.Delete(script);
    }

    public void Dispose() => _library.Dispose();

    [Fact]
    public void What_a_file_says_of_linking_is_what_readelf_shows()
    {
        using ElfFile file = ElfFile.Open(File.ReadAllBytes(_library.Path));
        ElfLinkage linkage = new ElfFileMemory(file).Image()!.Linkage!;
        linkage.Needed.ShouldBe(["libm.so.6", "libc.so.6"]);
        linkage.SoName.ShouldBe("libtwo.so.1");
        linkage.RunPath.ShouldBe("$ORIGIN/x:/y");
        (linkage.BindsNow, linkage.NeedsStaticTls, linkage.IsSymbolic, linkage.IsProgram).ShouldBe((true, true, false, false));
        linkage.DefinedVersions.Where(version => !version.IsBase).Select(version => version.Version).ShouldBe(["V1", "V2"]);
        linkage.NeededVersions.ShouldContain(version => version.Library == "libm.so.6" && version.Version == "GLIBC_2.29");
        string shown = CompiledProgram.Run("readelf", ["-rW", _library.Path]);
        linkage.Relocations().Count().ShouldBe(shown.Split('\n').Count(line => line.Contains(" R_X86_64_", StringComparison.Ordinal)));
    }

    [Fact]
    public void The_versions_of_symbols_are_those_of_the_script()
    {
        using ElfFile file = ElfFile.Open(File.ReadAllBytes(_library.Path));
        ElfImage image = new ElfFileMemory(file).Image()!;
        var versions = new Dictionary<string, int>();
        image.DynamicSymbols.ForEach((index, symbol) =>
        {
            if (symbol.IsDefined && !symbol.IsAbsolute)
                versions[image.DynamicSymbols.NameOf(symbol)] = image.Linkage!.VersionOf(index)!.Value.Index;
        });
        versions.ShouldBe(new Dictionary<string, int> { ["one"] = 2, ["two"] = 3 }, ignoreOrder: true);
    }

    [Fact]
    public void A_damaged_dynamic_section_is_bad_data_or_is_read()
    {
        const int Rounds = 2_000;
        byte[] good = File.ReadAllBytes(_library.Path);
        (int refused, int accepted) = Mutation.Run(good, Rounds, bytes =>
        {
            using ElfFile file = ElfFile.Open(bytes);
            if (new ElfFileMemory(file).Image() is not { Linkage: { } linkage } image)
                return;
            _ = linkage.Needed.Count + linkage.NeededVersions.Count + linkage.DefinedVersions.Count + (linkage.SoName?.Length ?? 0);
            foreach (ElfRelocation relocation in linkage.Relocations().Take(1_000))
                linkage.VersionOf(relocation.Symbol);
            image.DynamicSymbols.ForEach((_, symbol) => image.DynamicSymbols.NameOf(symbol));
        });
        refused.ShouldBeGreaterThan(0);
        accepted.ShouldBeGreaterThan(0);
    }
}
