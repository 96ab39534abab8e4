using Kaa.Formats;
using Kaa.Formats.Cores;
using Kaa.Formats.Elf;
using Kaa.Formats.ProcText;

namespace Kaa.Tests.Unit.Formats.Cores;

public sealed class CoreFileTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Notes_of_the_kernel_and_of_gdb_are_read(bool notesAtEnd)
    {
        CoreBuilder builder = Good();
        builder.NotesAtEnd = notesAtEnd;
        using CoreFile core = CoreFile.Open(builder.Build());
        core.MissingBytes.ShouldBe(0ul);
        core.Notes.Damages.ShouldBeEmpty();
        core.Notes.Process.ShouldBe(new CoreProcess(70, "python", "python app.py"));
        core.Notes.Threads.Select(thread => (thread.Tid, thread.Signal)).ShouldBe([(71, 11), (70, 0)]);
        core.Notes.Threads[0].Information.ShouldBe(new CoreSignal(11, 1, 0x18));
        core.Notes.Threads[0].Registers.Length.ShouldBe(27);
        core.Notes.Threads[0].Registers[16].ShouldBe(0x401000ul);
        core.Notes.Auxiliary![AuxiliaryKey.Entry].ShouldBe(0x401000ul);
        core.Notes.Files.ShouldBe(
        [
            new CoreFileMapping(new Address(0x400000), new Address(0x401000), 0, "/usr/bin/python"),
            new CoreFileMapping(new Address(0x401000), new Address(0x403000), 0x1000, "/usr/bin/python"),
        ]);
    }

    [Fact]
    public void A_vendors_note_is_kept_for_whoever_knows_it()
    {
        using CoreFile core = CoreFile.Open(Good().Note("KAA", 7, [1, 2, 3, 4, 5]).Build());
        CoreVendorNote note = core.Notes.Vendor.ShouldHaveSingleItem();
        (note.Name, note.Type).ShouldBe(("KAA", 7u));
        core.ReadNote(note).ShouldBe([1, 2, 3, 4, 5]);
    }

    [Fact]
    public void A_count_of_program_headers_beyond_16_bits_stands_in_a_section_header()
    {
        CoreBuilder builder = Good();
        builder.CountInSection = true;
        using CoreFile core = CoreFile.Open(builder.Build());
        core.ProgramHeaders.Count.ShouldBe(3);
        core.Notes.Threads.Count.ShouldBe(2);
    }

    [Fact]
    public void A_core_that_is_cut_in_its_memory_says_how_much_is_missing()
    {
        byte[] whole = Good().Build();
        using CoreFile core = CoreFile.Open(whole.AsMemory(..^0x1800));
        core.MissingBytes.ShouldBe(0x1800ul);
        core.Notes.Threads.Count.ShouldBe(2);
    }

    [Fact]
    public void Notes_that_the_end_of_the_file_cuts_give_those_before()
    {
        byte[] whole = Good().Build();
        int place = whole.AsSpan().IndexOf("/usr/bin/python"u8);
        using CoreFile core = CoreFile.Open(whole.AsMemory(..place));
        core.Notes.Threads.Single().Tid.ShouldBe(71);
        core.Notes.Files.ShouldBeEmpty();
    }

    [Fact]
    public void A_damaged_note_is_told_and_the_others_count()
    {
        using CoreFile core = CoreFile.Open(new CoreBuilder().Thread(5).Note("CORE", 3, [1]).Thread(6).Build());
        core.Notes.Threads.Count.ShouldBe(2);
        core.Notes.Process.ShouldBeNull();
        core.Notes.Damages.ShouldHaveSingleItem().Format.ShouldBe("NT_PRPSINFO");
    }

    [Fact]
    public void A_list_of_files_whose_ranges_overlap_is_damaged()
    {
        using CoreFile core = CoreFile.Open(new CoreBuilder().Files((0x1000, 0x3000, 0, "/a"), (0x2000, 0x4000, 0, "/b")).Build());
        core.Notes.Files.ShouldBeEmpty();
        core.Notes.Damages.ShouldHaveSingleItem().Rule.ShouldContain("ascend");
    }

    [Fact]
    public void A_list_of_files_with_an_impossible_count_is_damaged()
    {
        byte[] content = new byte[16];
        content[5] = 1;
        using CoreFile core = CoreFile.Open(new CoreBuilder().Note("CORE", 0x46494c45, content).Build());
        core.Notes.Damages.ShouldHaveSingleItem().Rule.ShouldContain("do not fit");
    }

    [Fact]
    public void A_program_is_no_core() =>
        Should.Throw<BadData>(() => CoreFile.Open(new CoreBuilder { Type = ElfType.Executable }.Build()));

    [Fact]
    public void A_core_cut_in_its_headers_is_bad_data() => Should.Throw<BadData>(() => CoreFile.Open(Good().Build().AsMemory(..100)));

    internal static CoreBuilder Good() => new CoreBuilder()
        .Thread(71, 11, (16, 0x401000), (19, 0x7ff000)).Process(70, "python", "python app.py").Signal(11, 1, 0x18)
        .Auxiliary((9, 0x401000), (33, 0x7fff0000)).Files((0x400000, 0x401000, 0, "/usr/bin/python"), (0x401000, 0x403000, 0x1000, "/usr/bin/python"))
        .Note("LINUX", 0x202, new byte[100]).Thread(70, 0, (16, 0x402000))
        .Load(0x400000, 0x1000, new byte[0x1000], ElfSegmentFlags.Read).Load(0x7fe000, 0x2000, new byte[0x2000]);
}
