using System.Text.Json;
using Kaa.Recording.Analysis;
using Kaa.Recording.Memory;
using Kaa.Report.Json;
using Kaa.Report.Memory;
using Kaa.Report.Text;

namespace Kaa.Tests.Unit.Report;

/// <summary>The table of <c>kaa mem live</c>, from a recording that was told step by step.</summary>
public sealed class LiveTableTests
{
    private readonly RecordingWriter _writer = new(Stream.Null, new RecordingFacts { Pid = 4711, Command = ["python3", "x.py"], StartedAt = 1000 });
    private readonly AllocationCounter _counter = new(new SampleWeight(null), new AnalysisRequest());
    private readonly AllocationRecorder _recorder;
    private readonly LiveTable _table;
    private readonly int _load;
    private readonly int _store;
    private readonly int _main;
    private readonly int _worker;
    private ulong _next = 0x1000;

    public LiveTableTests()
    {
        _recorder = new AllocationRecorder(null, _counter);
        _table = new LiveTable(_counter.Sites, _writer);
        int outer = _writer.Stack(0, _writer.Frame(Frame("main", "/app/x.py", 10)));
        _load = _writer.Stack(outer, _writer.Frame(Frame("load", "/app/foo.py", 214)));
        _store = _writer.Stack(outer, _writer.Frame(Frame("load", "/app/foo.py", 220)));
        _main = _writer.Thread(new RecordedThread(4711, "MainThread"));
        _worker = _writer.Thread(new RecordedThread(4712, "worker"));
    }

    [Fact]
    public void Rows_are_in_the_order_that_is_asked_for()
    {
        Fill();
        Lines(LiveOrder.Held).ShouldBe([214, 220, 0]);
        Lines(LiveOrder.Count).ShouldBe([220, 214, 0]);
        Lines(LiveOrder.Allocated).ShouldBe([0, 214, 220]);
    }

    [Fact]
    public void Lines_of_a_function_and_of_a_file_are_one_row_of_it()
    {
        Fill();
        LiveRow function = _table.Rows(GroupKind.Function, null, LiveOrder.Held)[0];
        (function.Frame.Function, function.Frame.Line, function.Held.Bytes, function.Held.Count).ShouldBe(("load", 0, 3000 + 400, 3 + 4));
        LiveRow file = _table.Rows(GroupKind.File, null, LiveOrder.Held)[0];
        (file.Frame.Function, file.Frame.File, file.Held.Bytes).ShouldBe((null, "/app/foo.py", 3400));
    }

    [Fact]
    public void Rates_are_of_the_time_between_two_moments()
    {
        _table.Advance(1_000_000);
        Allocate(_load, _main, 500);
        Allocate(_load, _main, 500);
        _table.Advance(3_000_000);
        _table.Rows(GroupKind.Line, null, LiveOrder.Rate)[0].Rate.ShouldBe(500);

        // Nothing since then; what is asked for twice at one moment stays as it was.
        _table.Advance(3_000_000);
        _table.Rows(GroupKind.Line, null, LiveOrder.Rate)[0].Rate.ShouldBe(500);
        _table.Advance(4_000_000);
        _table.Rows(GroupKind.Line, null, LiveOrder.Rate)[0].Rate.ShouldBe(0);
    }

    [Fact]
    public void A_thread_has_its_own_rows_and_those_that_have_nothing_are_passed_over()
    {
        Fill();
        List<LiveRow> rows = _table.Rows(GroupKind.Line, thread => thread == _worker, LiveOrder.Held);
        rows.Select(row => row.Held.Bytes).ShouldBe([400, 0]);
        _table.Advance(1_000_000);
        _table.Advance(2_000_000);
        _table.NextThread(-1).ShouldBe(_main);
        _table.NextThread(_main).ShouldBe(_worker);
        _table.NextThread(_worker).ShouldBeNull();

        int third = _writer.Thread(new RecordedThread(4713, null));
        _recorder.Allocated(0x900000, 10, new AllocationSite(_load, third, AllocatorKind.Malloc));
        _recorder.Freed(0x900000);
        _table.NextThread(_worker).ShouldBeNull();
        _table.Advance(3_000_000);
        _table.NextThread(_worker).ShouldBe(third);
    }

    [Fact]
    public void A_thread_is_called_what_it_is_called_by_now()
    {
        _writer.ThreadName(_worker, "loader");
        _table.Threads[_worker].Name.ShouldBe("loader");
    }

    [Theory]
    [InlineData("live.txt", 100, 24)]
    [InlineData("live.low.txt", 60, 4)]
    public void A_screen_is_filled_and_no_more(string approved, int width, int height)
    {
        string text = Screen(width, height);
        string[] lines = text.TrimEnd('\n').Split('\n');
        lines.Length.ShouldBeLessThanOrEqualTo(height);
        lines.ShouldAllBe(line => line.Length <= width);
        Approved.ShouldBe(approved, text);
    }

    [Fact]
    public void No_screen_is_too_small()
    {
        for (int height = 1; height < 12; height++)
        {
            for (int width = 1; width < 40; width += 3)
            {
                string[] lines = Screen(width, height).TrimEnd('\n').Split('\n');
                lines.Length.ShouldBeLessThanOrEqualTo(height);
                lines.ShouldAllBe(line => line.Length <= width);
            }
        }
    }

    [Fact]
    public void Where_not_all_rows_fit_it_says_which_are_there()
    {
        Fill();
        string text = Screen(100, 3, first: 1);
        text.ShouldContain("line, 2 to 2 of 3");
        text.ShouldContain("foo.py:220");
        text.ShouldNotContain("foo.py:214");
    }

    [Fact]
    public void Json_has_what_the_table_has()
    {
        Fill();
        using var output = new MemoryStream();
        using (Utf8JsonWriter json = JsonText.Writer(output))
            LiveJson.Write(View(), 2, json);
        using JsonDocument document = JsonDocument.Parse(output.ToArray());
        JsonElement root = document.RootElement;
        root.GetProperty("schema").GetInt32().ShouldBe(1);
        root.GetProperty("pid").GetInt32().ShouldBe(4711);
        root.GetProperty("heldBytes").GetInt64().ShouldBe(3400);
        root.GetProperty("sampleBytes").ValueKind.ShouldBe(JsonValueKind.Null);
        root.GetProperty("by").GetString().ShouldBe("line");
        root.GetProperty("rows").GetArrayLength().ShouldBe(2);
        JsonElement row = root.GetProperty("rows")[0];
        row.GetProperty("function").GetString().ShouldBe("load");
        row.GetProperty("line").GetInt32().ShouldBe(214);
        row.GetProperty("heldBytes").GetInt64().ShouldBe(3000);
        row.GetProperty("heldCount").GetInt64().ShouldBe(3);
        row.GetProperty("allocatedCount").GetInt64().ShouldBe(3);
    }

    [Theory]
    [InlineData(8, "▁▂▃▄▅▆▇█")]
    [InlineData(4, "▂▄▆█")]
    [InlineData(0, "")]
    [InlineData(20, "▁▂▃▄▅▆▇█")]
    public void A_course_shows_the_most_of_what_shares_a_place(int width, string line) => Sparkline.Of([0, 1, 2, 3, 4, 5, 6, 7], width).ShouldBe(line);

    private static RecordedFrame Frame(string function, string file, int line) => new(RecordedFrameKind.Python, function, file, line, null);

    private void Allocate(int stack, int thread, long bytes) => _recorder.Allocated(_next += 0x1000, bytes, new AllocationSite(stack, thread, AllocatorKind.Malloc));

    /// <summary>Three blocks of 1,000, four of 100 by another thread, and a large one without a frame that is gone again.</summary>
    private void Fill()
    {
        for (int i = 0; i < 3; i++)
            Allocate(_load, _main, 1000);
        for (int i = 0; i < 4; i++)
            Allocate(_store, _worker, 100);
        Allocate(0, _worker, 9000);
        _recorder.Freed(_next);
    }

    private List<int> Lines(LiveOrder order) => _table.Rows(GroupKind.Line, null, order).ConvertAll(row => row.Frame.Line);

    private string Screen(int width, int height, int first = 0)
    {
        if (_counter.Sites.Count == 0)
            Fill();
        using var text = new StringWriter();
        LiveText.WriteScreen(View(first), width, height, new StyledWriter(text, colour: false));
        return text.ToString();
    }

    private LiveView View(int first = 0) => new()
    {
        Pid = 4711,
        Seconds = 12.34,
        Held = _counter.Sites.Held,
        Resident = 12 << 20,
        Count = _recorder.Count,
        Lost = 2,
        Kind = GroupKind.Line,
        Order = LiveOrder.Held,
        Thread = "Main\e[0mThread",
        Rows = _table.Rows(GroupKind.Line, null, LiveOrder.Held),
        First = first,
        HeldCourse = [0, 1700, 3400],
        ResidentCourse = [12 << 20],
    };
}
