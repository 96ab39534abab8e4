using Kaa.Formats;
using Kaa.Formats.Elf;

namespace Kaa.Tests.Unit.Formats.Elf;

public sealed class ElfImageTests
{
    private const ulong Start = 0x7f0000000000;

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public void Every_symbol_is_found_by_either_hash_table(bool gnu, bool sysv)
    {
        ElfImage image = Load(Forty(new ElfBuilder { GnuHash = gnu, SysvHash = sysv }));
        for (int i = 0; i < 40; i++)
        {
            ElfSymbol symbol = image.FindSymbol(System.Text.Encoding.ASCII.GetBytes($"symbol_{i}")).ShouldNotBeNull();
            image.AddressOf(symbol).ShouldBe(new Address(Start + 0x1000 + ((ulong)i * 8)));
        }

        image.FindSymbol("symbol_40"u8).ShouldBeNull();
        image.FindSymbol("symbol_"u8).ShouldBeNull();
        image.FindSymbol(""u8).ShouldBeNull();
    }

    [Theory]
    [InlineData(Start)]
    [InlineData(0ul)]
    public void Dynamic_pointers_may_be_relocated_or_not(ulong relocatedBy) =>
        Load(new ElfBuilder { RelocatedBy = relocatedBy }.Symbol("a", 0x1000)).FindSymbol("a"u8)!.Value.Value.ShouldBe(0x1000ul);

    [Fact]
    public void An_executable_at_a_fixed_address_has_no_bias()
    {
        var builder = new ElfBuilder { LinkBase = 0x400000 };
        ElfImage image = ElfImage.FromMemory(builder.Symbol("a", 0x401000).Load(0x400000), new Address(0x400000));
        image.Bias.ShouldBe(0ul);
        image.AddressOf(image.FindSymbol("a"u8)!.Value).ShouldBe(new Address(0x401000));
    }

    [Fact]
    public void A_prelinked_library_that_lies_below_its_link_address_wraps_around()
    {
        ElfImage image = ElfImage.FromMemory(new ElfBuilder { LinkBase = 0x7fff00000000 }.Symbol("a", 0x7fff00001000).Load(Start), new Address(Start));
        image.AddressOf(image.FindSymbol("a"u8)!.Value).ShouldBe(new Address(Start + 0x1000));
    }

    [Fact]
    public void Segments_and_build_id_are_at_their_addresses()
    {
        ElfImage image = Load(new ElfBuilder());
        image.BuildId.ShouldBe([0xde, 0xad, 0xbe, 0xef]);
        image.Segments.Count.ShouldBe(2);
        image.Segments[1].ShouldBe(new ElfSegment(
            new Address(Start + ElfBuilder.DataAddress),
            ElfBuilder.DataSize,
            ElfBuilder.DataSize + ElfBuilder.BssSize,
            ElfBuilder.DataOffset,
            ElfSegmentFlags.Read | ElfSegmentFlags.Write));
        image.Contains(new Address(Start + ElfBuilder.DataAddress + ElfBuilder.DataSize)).ShouldBeTrue();
        image.Contains(new Address(Start - 1)).ShouldBeFalse();
    }

    [Fact]
    public void Without_a_note_there_is_no_build_id() => Load(new ElfBuilder { BuildId = null }).BuildId.ShouldBeNull();

    [Fact]
    public void A_name_that_is_only_used_here_is_not_found() =>
        Load(new ElfBuilder().Symbol("a", 0, section: 0)).FindSymbol("a"u8).ShouldBeNull();

    [Fact]
    public void The_default_version_wins_over_hidden_ones()
    {
        ElfImage image = Load(new ElfBuilder().Symbol("memcpy", 0x100, version: 0x8002).Symbol("memcpy", 0x200, version: 3).Symbol("old", 0x300, version: 0x8002));
        image.FindSymbol("memcpy"u8)!.Value.Value.ShouldBe(0x200ul);
        image.FindSymbol("old"u8)!.Value.Value.ShouldBe(0x300ul);
    }

    [Fact]
    public void An_absolute_symbol_does_not_move() =>
        Load(new ElfBuilder().Symbol("number", 42, section: 0xfff1)).FindSymbol("number"u8)!.Value.IsAbsolute.ShouldBeTrue();

    [Fact]
    public void A_name_longer_than_the_stack_buffer_is_found()
    {
        string name = new('x', 1000);
        ElfImage image = Load(new ElfBuilder().Symbol(name, 0x100).Symbol(name + "y", 0x200));
        image.FindSymbol(System.Text.Encoding.ASCII.GetBytes(name))!.Value.Value.ShouldBe(0x100ul);
    }

    [Fact]
    public void Nothing_mapped_is_bad_data_or_a_fault_and_never_a_symbol()
    {
        Should.Throw<BadData>(() => ElfImage.FromMemory(new FakeMemory(), new Address(Start)));
        FakeMemory headerOnly = new FakeMemory().Add(new Address(Start), new ElfBuilder().Build()[..64]);
        Should.Throw<TargetFault>(() => ElfImage.FromMemory(headerOnly, new Address(Start)));
    }

    [Fact]
    public void A_foreign_machine_is_read_all_the_same() =>
        Load(new ElfBuilder { Machine = 183 }).Header.Machine.ShouldBe(ElfMachine.AArch64);

    internal static ElfBuilder Forty(ElfBuilder builder)
    {
        for (int i = 0; i < 40; i++)
            builder.Symbol($"symbol_{i}", 0x1000 + ((ulong)i * 8));
        return builder;
    }

    private static ElfImage Load(ElfBuilder builder) => ElfImage.FromMemory(builder.Load(Start), new Address(Start));
}
