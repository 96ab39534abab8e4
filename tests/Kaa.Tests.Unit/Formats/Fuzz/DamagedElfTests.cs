using Kaa.Formats;
using Kaa.Formats.Elf;
using Kaa.Formats.ProcText;
using Kaa.Target;
using Kaa.Tests.Unit.Formats.Elf;
using Kaa.Tests.Unit.Target;

namespace Kaa.Tests.Unit.Formats.Fuzz;

public sealed class DamagedElfTests
{
    private const int Rounds = 4_000;
    private const ulong Start = 0x7f0000000000;

    [Fact]
    public void A_damaged_file_is_bad_data_or_is_read()
    {
        (int refused, int accepted) = Mutation.Run(GoodFile(), Rounds, ReadAll);
        refused.ShouldBeGreaterThan(0);
        accepted.ShouldBeGreaterThan(0);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Damaged_headers_and_tables_in_memory_are_bad_data_or_unreadable(bool gnuHash)
    {
        byte[] good = ElfImageTests.Forty(new ElfBuilder { GnuHash = gnuHash, SysvHash = !gnuHash }).Build();
        (int refused, int accepted) = Mutation.Run(good, Rounds, bytes => LookUp(new FakeMemory().Add(new Address(Start), bytes)), ..0x1000);
        refused.ShouldBeGreaterThan(0);
        accepted.ShouldBeGreaterThan(0);
    }

    [Fact]
    public void A_module_whose_memory_and_file_are_damaged_answers_and_never_throws()
    {
        byte[] good = GoodFile();
        var mapping = new Mapping(new Address(Start), new Address(Start + 0x3000), MappingAccess.Read | MappingAccess.Execute, 0, 0, 1, "/x", false);
        (int refused, _) = Mutation.Run(good, Rounds, bytes =>
        {
            var files = new FakeTargetFiles();
            files.Mapped["/x"] = bytes;
            using var images = new ModuleImages(new FakeMemory().Add(new Address(Start), bytes), files);
            ModuleImage image = images.For(new ModuleMap([mapping]).Modules[0]);
            image.FindSymbol("symbol_7");
            image.FindSymbol("nowhere");
            image.FindDataSymbolSize("symbol_8");
            image.FindSection(".a");
            image.WritableRanges.Count().ShouldBeLessThan(Limits.ElfProgramHeaders);
        });
        refused.ShouldBe(0);
    }

    private static byte[] GoodFile() => ElfImageTests.Forty(new ElfBuilder()).SymbolTable().Section(".a", [1, 2, 3, 4])
        .Section(".gnu_debuglink", [.. "libx.debug\0\0"u8, 1, 2, 3, 4]).Build();

    private static void ReadAll(byte[] bytes)
    {
        using ElfFile file = ElfFile.Open(bytes);
        _ = file.BuildId;
        foreach (ElfSection section in file.Sections)
        {
            if (section.HasContent)
                file.ReadSection(section);
        }

        _ = file.DebugLink;
        _ = file.DebugAltLink;
        if (file.FindSymbol("symbol_5") is { } found)
            file.Symbols?.NameOf(found);
        if (file.Symbols?.FindByAddress(0x1010) is { } near)
            file.Symbols.NameOf(near);
        file.Symbols?.Between(0, ulong.MaxValue);
    }

    private static void LookUp(FakeMemory memory)
    {
        ElfImage image = ElfImage.FromMemory(memory, new Address(Start));
        _ = image.BuildId;
        image.FindSymbol("symbol_11"u8);
        image.FindSymbol("nowhere"u8);
    }
}
