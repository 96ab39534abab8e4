using Kaa.Formats;
using Kaa.Formats.Cores;
using Kaa.Formats.Elf;
using Kaa.Formats.ProcText;

namespace Kaa.Tests.Unit.Formats.Cores;

/// <summary>What is written is read back by the reader of all cores.</summary>
public sealed class CoreLayoutTests
{
    private const int PageSize = 4096;

    private static readonly CoreWriterProcess s_process = new(42, 1, 42, 42, 'S', 0x400000, 1000, 1001, "python3", ["python3", "app.py"]);

    [Fact]
    public void Notes_come_back_as_they_were_written()
    {
        var notes = new CoreNoteWriter();
        byte[] registers = new byte[216];
        registers[16 * 8] = 0x77;
        notes.Thread(new CoreWriterThread(42, 11, 0, 0), s_process, registers, hasFloat: true);
        notes.Float(new byte[512]);
        notes.Process(s_process);
        notes.AuxiliaryVector([3, 0, 0, 0, 0, 0, 0, 0, 0x40, 0, 0, 0, 0, 0, 0, 0, .. new byte[16]]);
        notes.Files([new CoreFileMapping(new Address(0x1000), new Address(0x3000), 0x2000, "/lib/é (deleted)")]);
        notes.Thread(new CoreWriterThread(43, 0, 0, 0), s_process, registers, hasFloat: false);
        notes.Add(KaaNote.Name, KaaNote.Type, new KaaNote { Pid = 42, Way = "snapshot" }.ToBytes());

        using CoreFile core = CoreFile.Open(new CoreLayout([], notes.ToArray()).Head());

        core.Notes.Damages.ShouldBeEmpty();
        core.Notes.Threads.Select(thread => (thread.Tid, thread.Signal)).ShouldBe([(42, 11), (43, 0)]);
        core.Notes.Threads[0].Registers[16].ShouldBe(0x77ul);
        core.Notes.Process.ShouldBe(new CoreProcess(42, "python3", "python3 app.py"));
        core.Notes.Auxiliary![AuxiliaryKey.ProgramHeaders].ShouldBe(0x40ul);
        core.Notes.Files.ShouldBe([new CoreFileMapping(new Address(0x1000), new Address(0x3000), 0x2000, "/lib/é (deleted)")]);
        core.Notes.Kaa!.Pid.ShouldBe(42);
        core.Notes.Vendor.ShouldBeEmpty();
    }

    [Fact]
    public void Each_segment_begins_on_a_page_and_they_do_not_overlap()
    {
        CoreSegment[] segments =
        [
            new(new Address(0x1000), 3 * PageSize, 2 * PageSize, ElfSegmentFlags.Read),
            new(new Address(0x9000), PageSize, 0, ElfSegmentFlags.None),
            new(new Address(0xa000), PageSize, PageSize, ElfSegmentFlags.Read | ElfSegmentFlags.Write),
        ];
        var layout = new CoreLayout(segments, new CoreNoteWriter().ToArray());

        layout.Offsets.ShouldBe([PageSize, 3 * PageSize, 3 * PageSize]);
        layout.Length.ShouldBe(4 * PageSize);
        using CoreFile core = CoreFile.Open(layout.Head());
        core.ProgramHeaders.Skip(1).Select(header => (header.VirtualAddress, header.MemorySize, header.FileSize, (long)header.Offset, header.Flags)).ShouldBe(
            segments.Zip(layout.Offsets, (segment, offset) => (segment.Start.Value, segment.MemorySize, segment.FileSize, offset, segment.Flags)));
    }

    [Theory]
    [InlineData(0xfffd, false)]
    [InlineData(0xfffe, true)]
    [InlineData(70_000, true)]
    public void More_segments_than_the_header_can_count_are_counted_in_a_section(int count, bool many)
    {
        var segments = new CoreSegment[count];
        for (int i = 0; i < count; i++)
            segments[i] = new CoreSegment(new Address((ulong)(i + 1) * 2 * PageSize), PageSize, 0, ElfSegmentFlags.Read);
        var notes = new CoreNoteWriter();
        notes.Process(s_process);

        using CoreFile core = CoreFile.Open(new CoreLayout(segments, notes.ToArray()).Head());

        core.Header.ProgramHeaderCount.ShouldBe(many ? 0xffff : count + 1);
        core.ProgramHeaders.Count.ShouldBe(count + 1);
        core.ProgramHeaders[^1].VirtualAddress.ShouldBe((ulong)count * 2 * PageSize);
        core.Notes.Process!.Pid.ShouldBe(42);
    }

    [Fact]
    public void Kaas_own_note_comes_back_as_it_was_written()
    {
        var note = new KaaNote
        {
            Pid = 4711,
            ContainerPid = 7,
            Root = "/srv/é",
            Way = "plain",
            At = 1790000000.25,
            StartedAt = 1789000000.5,
            Command = ["python3", "\t\"x\""],
            Descriptors = new Dictionary<int, string> { [0] = "a pipe", [7] = "127.0.0.1:80" },
            Threads = [new KaaNoteThread(4711, 7, "main", "sleeping", false), new KaaNoteThread(4712, 8, "ü", "running", true)],
        };
        KaaNote read = KaaNote.Parse(note.ToBytes());
        read.Command.ShouldBe(note.Command);
        read.Threads.ShouldBe(note.Threads);
        read.Descriptors.ShouldBe(note.Descriptors);
        (read with { Descriptors = note.Descriptors, Command = note.Command, Threads = note.Threads }).ShouldBe(note);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{\"schema\":2}")]
    [InlineData("{\"schema\":\"x\"}")]
    [InlineData("{\"schema\":1,\"pid\":99999999999,\"threads\":[],\"descriptors\":{},\"command\":[],\"root\":\"\",\"way\":\"\",\"at\":0}")]
    [InlineData("{\"schema\":1,\"pid\":1,\"threads\":[{}],\"command\":[],\"root\":\"\",\"way\":\"\",\"at\":0}")]
    [InlineData("{\"schema\":1,\"pid\":1,\"threads\":{},\"command\":[],\"root\":\"\",\"way\":\"\",\"at\":0}")]
    public void A_note_that_is_not_Kaas_is_bad_data(string text) => Should.Throw<BadData>(() => KaaNote.Parse(System.Text.Encoding.UTF8.GetBytes(text)));
}
