using System.Text;
using Kaa.Formats;
using Kaa.Formats.ProcText;

namespace Kaa.Tests.Unit.Formats.ProcText;

public sealed class MapsParserTests
{
    [Fact]
    public void A_file_mapping_has_all_its_columns()
    {
        Mapping mapping = Parse("7f0012345000-7f0012346000 r-xp 0001a000 fe:0a 247270   /usr/lib/libc.so.6\n").ShouldHaveSingleItem();
        mapping.ShouldBe(new Mapping(
            new Address(0x7f0012345000),
            new Address(0x7f0012346000),
            MappingAccess.Read | MappingAccess.Execute,
            0x1a000,
            (0xfeul << 20) | 0xa,
            247270,
            "/usr/lib/libc.so.6",
            false));
        mapping.IsFile.ShouldBeTrue();
        mapping.Length.ShouldBe(0x1000ul);
    }

    [Fact]
    public void Anonymous_memory_has_no_path_and_shared_memory_is_marked()
    {
        List<Mapping> mappings = Parse(
            "1000-2000 rw-p 00000000 00:00 0 \n" +
            "2000-3000 ---s 00000000 00:01 7 /dev/zero (deleted)");
        mappings[0].Path.ShouldBeEmpty();
        mappings[0].Access.ShouldBe(MappingAccess.Read | MappingAccess.Write);
        mappings[1].Access.ShouldBe(MappingAccess.Shared);
        mappings[1].Path.ShouldBe("/dev/zero");
        mappings[1].Deleted.ShouldBeTrue();
    }

    [Theory]
    [InlineData("[heap]")]
    [InlineData("[stack]")]
    [InlineData("[vdso]")]
    [InlineData("[anon: python arena]")]
    [InlineData("anon_inode:[perf_event]")]
    public void Names_that_are_no_files_stay_as_they_are(string name)
    {
        Mapping mapping = Parse($"1000-2000 rw-p 00000000 00:00 0      {name}\n").ShouldHaveSingleItem();
        mapping.Path.ShouldBe(name);
        mapping.IsFile.ShouldBeFalse();
    }

    [Fact]
    public void The_vsyscall_page_at_the_very_top_is_read()
    {
        Mapping mapping = Parse("ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]\n").ShouldHaveSingleItem();
        mapping.Start.ShouldBe(new Address(0xffffffffff600000));
        mapping.Access.ShouldBe(MappingAccess.Execute);
    }

    [Theory]
    [InlineData(@"/tmp/a\012b (deleted)", "/tmp/a\nb", true)]
    [InlineData(@"/tmp/a\012", "/tmp/a\n", false)]
    [InlineData(@"/tmp/back\slash\9", @"/tmp/back\slash\9", false)]
    [InlineData("/tmp/two  blanks ", "/tmp/two  blanks ", false)]
    [InlineData("/tmp/ünï (deleted)", "/tmp/ünï", true)]
    [InlineData("/tmp/a (deleted) (deleted)", "/tmp/a (deleted)", true)]
    public void Paths_are_unescaped_and_a_deleted_mark_is_taken_off(string text, string path, bool deleted)
    {
        Mapping mapping = Parse($"1000-2000 r--p 00000000 fe:00 5 {text}\n").ShouldHaveSingleItem();
        mapping.Path.ShouldBe(path);
        mapping.Deleted.ShouldBe(deleted);
    }

    [Fact]
    public void Neighbours_of_one_file_share_the_string()
    {
        List<Mapping> mappings = Parse("1000-2000 r--p 00000000 fe:00 5 /bin/x\n2000-3000 r-xp 00001000 fe:00 5 /bin/x\n");
        mappings[1].Path.ShouldBeSameAs(mappings[0].Path);
    }

    [Fact]
    public void No_text_is_no_mappings() => Parse("").ShouldBeEmpty();

    [Theory]
    [InlineData("garbage\n")]
    [InlineData("1000-2000")]
    [InlineData("1000-2000 rw-p\n")]
    [InlineData("1000-2000 rwzp 00000000 00:00 0\n")]
    [InlineData("1000-2000 rw-q 00000000 00:00 0\n")]
    [InlineData("1000-10000000000000000 rw-p 00000000 00:00 0\n")]
    [InlineData("2000-1000 rw-p 00000000 00:00 0\n")]
    public void What_the_kernel_would_not_write_is_bad_data(string text) =>
        Should.Throw<BadData>(() => Parse(text)).Format.ShouldBe("/proc/PID/maps");

    [Fact]
    public void The_mappings_of_this_very_process_are_read()
    {
        List<Mapping> mappings = MapsParser.Parse(File.ReadAllBytes("/proc/self/maps"));
        mappings.ShouldContain(mapping => mapping.Path == "[stack]");
        mappings.ShouldContain(mapping => mapping.IsFile && mapping.Can(MappingAccess.Execute));
    }

    private static List<Mapping> Parse(string text) => MapsParser.Parse(Encoding.UTF8.GetBytes(text));

    [Fact]
    public void A_range_that_changed_while_the_text_was_read_counts_once()
    {
        List<Mapping> mappings = MapsParser.Parse("""
            1000-3000 r--p 00000000 00:00 0
            1000-3000 r--p 00000000 00:00 0
            2000-5000 r--p 00001000 08:01 7 /lib/x.so
            6000-7000 rw-p 00000000 00:00 0

            """u8);
        mappings.Select(m => (m.Start.Value, m.End.Value, m.Offset)).ShouldBe([(0x1000ul, 0x3000ul, 0ul), (0x3000ul, 0x5000ul, 0x2000ul), (0x6000ul, 0x7000ul, 0ul)]);
    }
}
