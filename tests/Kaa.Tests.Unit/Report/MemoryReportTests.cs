using System.IO.Compression;
using System.Text.Json;
using Kaa.Recording.Analysis;
using Kaa.Recording.Memory;
using Kaa.Report.Json;
using Kaa.Report.Memory;
using Kaa.Report.Text;

namespace Kaa.Tests.Unit.Report;

public sealed class MemoryReportTests
{
    private static readonly RecordedFrame Main = new(RecordedFrameKind.Python, "main", "/app/x.py", 10, null);
    private static readonly RecordedFrame Load = new(RecordedFrameKind.Python, "load", "/app/foo.py", 214, null);
    private static readonly RecordedFrame Leak = new(RecordedFrameKind.Native, "<b>leak</script>", null, 0, "/lib/libleak.so");

    [Fact]
    public void The_first_line_says_which_line_has_most()
    {
        string text = Text(View(MemoryViewKind.Leaks));
        text.ShouldStartWith("75.0 % of the memory still held comes from /app/foo.py:214, load: 3.0 KiB in 3 allocations\n");
    }

    [Fact]
    public void A_line_is_charged_for_what_it_called_in_a_column_of_its_own()
    {
        List<GroupRow> rows = Grouping.By(View(MemoryViewKind.Leaks), GroupKind.Line);
        rows.ShouldContain(row => row.Frame == Load && row.Own.Bytes == 3072 && row.Through.Bytes == 3072);
        rows.ShouldContain(row => row.Frame == Main && row.Own.Bytes == 1024 && row.Through.Bytes == 4096);
    }

    [Fact]
    public void A_module_is_the_library_of_the_innermost_frame()
    {
        List<GroupRow> rows = Grouping.By(View(MemoryViewKind.Leaks), GroupKind.Module);
        rows[0].Frame.Module.ShouldBe("/app/foo.py");
        rows.ShouldContain(row => row.Frame.Module == "/lib/libleak.so" && row.Own.Bytes == 1024);
    }

    [Theory]
    [InlineData(GroupKind.Thread, 2)]
    [InlineData(GroupKind.Allocator, 2)]
    [InlineData(GroupKind.File, 2)]
    [InlineData(GroupKind.Function, 2)]
    public void Each_grouping_adds_up_to_the_view(GroupKind kind, int rows)
    {
        MemoryView view = View(MemoryViewKind.All);
        List<GroupRow> groups = Grouping.By(view, kind);
        groups.Count.ShouldBe(rows);
        groups.Sum(row => row.Own.Bytes).ShouldBe(view.Total.Bytes);
    }

    [Fact]
    public void Json_is_the_contract()
    {
        using var output = new MemoryStream();
        using (Utf8JsonWriter json = JsonText.Writer(output))
            MemoryJson.Write(View(MemoryViewKind.Peak), [], json);
        using JsonDocument document = JsonDocument.Parse(output.ToArray());
        JsonElement root = document.RootElement;
        root.GetProperty("schema").GetInt32().ShouldBe(1);
        root.GetProperty("mode").GetString().ShouldBe("exact");
        root.GetProperty("target").GetProperty("pid").GetInt32().ShouldBe(4711);
        root.GetProperty("metadata").GetProperty("startedAt").GetDouble().ShouldBe(1000);
        root.GetProperty("metadata").GetProperty("endedAt").GetDouble().ShouldBe(1002);
        root.GetProperty("metadata").GetProperty("peakAtSeconds").GetDouble().ShouldBe(1);
        root.GetProperty("metadata").GetProperty("lost").GetInt64().ShouldBe(0);
        JsonElement totals = root.GetProperty("totals");
        totals.GetProperty("allocations").GetInt64().ShouldBe(5);
        totals.GetProperty("bytes").GetInt64().ShouldBe(12288);
        totals.GetProperty("peakBytes").GetInt64().ShouldBe(12288);
        totals.GetProperty("heldBytes").GetInt64().ShouldBe(4096);
        JsonElement first = root.GetProperty("entries")[0];
        first.GetProperty("bytes").GetInt64().ShouldBe(8192);
        first.GetProperty("count").GetInt64().ShouldBe(1);
        first.GetProperty("tid").GetInt32().ShouldBe(4712);
        first.GetProperty("thread").GetString().ShouldBe("worker");
        first.GetProperty("allocator").GetString().ShouldBe("mmap");
        JsonElement frame = first.GetProperty("stack")[0];
        frame.GetProperty("kind").GetString().ShouldBe("python");
        frame.GetProperty("function").GetString().ShouldBe("main");
        frame.GetProperty("file").GetString().ShouldBe("/app/x.py");
        frame.GetProperty("line").GetInt32().ShouldBe(10);
    }

    [Fact]
    public void Collapsed_stacks_have_the_outermost_frame_first()
    {
        using var text = new StringWriter();
        CollapsedStacks.Write(View(MemoryViewKind.Leaks), text);
        text.ToString().Split('\n').ShouldContain("MainThread;main (/app/x.py:10);load (/app/foo.py:214) 3072");
    }

    [Fact]
    public void Speedscope_gets_a_profile_for_each_thread()
    {
        using var output = new MemoryStream();
        using (Utf8JsonWriter json = JsonText.Writer(output))
            Speedscope.Write(View(MemoryViewKind.All), "x", json);
        using JsonDocument document = JsonDocument.Parse(output.ToArray());
        JsonElement frames = document.RootElement.GetProperty("shared").GetProperty("frames");
        JsonElement profile = document.RootElement.GetProperty("profiles")[0];
        profile.GetProperty("name").GetString().ShouldBe("MainThread");
        profile.GetProperty("endValue").GetInt64().ShouldBe(4096);
        JsonElement sample = profile.GetProperty("samples")[0];
        frames[sample[0].GetInt32()].GetProperty("name").GetString().ShouldBe("main");
        frames[sample[1].GetInt32()].GetProperty("name").GetString().ShouldBe("load");
    }

    /// <summary>Read with what protobuf says of its two wire types: the sums of all samples, and the names.</summary>
    [Fact]
    public void Pprof_has_every_sample()
    {
        using var output = new MemoryStream();
        Pprof.Write(View(MemoryViewKind.All), output);
        output.Position = 0;
        using var gzip = new GZipStream(output, CompressionMode.Decompress);
        using var raw = new MemoryStream();
        gzip.CopyTo(raw);
        var message = new Wire(raw.ToArray());
        var texts = message.Where(field => field.Number == 6).Select(field => System.Text.Encoding.UTF8.GetString(field.Bytes)).ToList();
        texts[0].ShouldBe("");
        texts.ShouldContain("/app/foo.py");
        texts.ShouldContain("load");
        var values = message.Where(field => field.Number == 2).Select(sample => new Wire(new Wire(sample.Bytes).Single(field => field.Number == 2).Bytes).Packed()).ToList();
        values.Sum(value => (long)value[1]).ShouldBe(12288);
        values.Sum(value => (long)value[0]).ShouldBe(5);
    }

    /// <summary>Whatever a program calls its functions, nothing of it ends the script element or becomes markup.</summary>
    [Fact]
    public void Html_holds_data_that_cannot_get_out()
    {
        using var output = new MemoryStream();
        MemoryHtml.Write(View(MemoryViewKind.Leaks).Analysis, MemoryViewKind.Leaks, output);
        string page = System.Text.Encoding.UTF8.GetString(output.ToArray());
        page.ShouldStartWith("<!doctype html>");
        page.ShouldNotContain("{{");
        page.ShouldNotContain("<b>");
        foreach (string way in (string[])["src=", "href=", "@import", "fetch(", "url("])
            page.ShouldNotContain(way);
        string data = page.Split("<script type=\"application/json\" id=\"data\">")[1].Split("</script>")[0];
        using JsonDocument document = JsonDocument.Parse(data);
        JsonElement root = document.RootElement;
        root.GetProperty("views").GetProperty("leaks").EnumerateArray().Sum(row => row[4].GetDouble()).ShouldBe(4096);
        root.GetProperty("spans").EnumerateArray().Sum(span => span[6].GetDouble()).ShouldBe(12288);
        root.GetProperty("frames").EnumerateArray().ShouldContain(frame => frame[1].GetString() == "<b>leak</script>");
    }

    /// <summary>The build takes it from files, and must leave every character as it is.</summary>
    [Theory]
    [InlineData("report.css")]
    [InlineData("report.js")]
    public void Html_has_its_parts_as_they_were_written(string part)
    {
        using var output = new MemoryStream();
        MemoryHtml.Write(View(MemoryViewKind.Leaks).Analysis, MemoryViewKind.Leaks, output);
        string file = Path.Combine(Path.GetDirectoryName(Caller())!, "../../../src/Kaa.Report/Memory/Html", part);
        System.Text.Encoding.UTF8.GetString(output.ToArray()).ShouldContain(File.ReadAllText(file).TrimEnd());
    }

    private static string Caller([System.Runtime.CompilerServices.CallerFilePath] string path = "") => path;

    [Fact]
    public void Estimates_say_how_far_they_may_be_off() => Text(View(MemoryViewKind.Leaks, 4096)).ShouldContain("estimated from samples, one each 4.0 KiB: ± ");

    private static string Text(MemoryView view)
    {
        using var text = new StringWriter();
        MemoryText.Write(view, new MemoryTextOptions(), new StyledWriter(text, colour: false));
        return text.ToString();
    }

    private static MemoryView View(MemoryViewKind kind, long? rate = null)
    {
        var file = new MemoryStream();
        var writer = new RecordingWriter(file, new RecordingFacts { Pid = 4711, Command = ["python3", "x.py"], StartedAt = 1000, SampleBytes = rate });
        int main = writer.Stack(0, writer.Frame(Main));
        int load = writer.Stack(main, writer.Frame(Load));
        int leak = writer.Stack(main, writer.Frame(Leak));
        int first = writer.Thread(new RecordedThread(4711, "MainThread"));
        int second = writer.Thread(new RecordedThread(4712, "worker"));
        var recorder = new AllocationRecorder(writer.Events, null);
        recorder.At(1_000_000);
        for (ulong i = 1; i <= 3; i++)
            recorder.Allocated(i << 12, 1024, new AllocationSite(load, first, AllocatorKind.Malloc));
        recorder.Allocated(0x10000, 1024, new AllocationSite(leak, first, AllocatorKind.Malloc));
        recorder.Mapped(0x20000, 8192, new AllocationSite(main, second, AllocatorKind.Mmap));
        recorder.Unmapped(0x20000, 8192);
        writer.End(2_000_000, "exited");
        return new MemoryView(AllocationAnalysis.Of(new RecordingReader(file), new AnalysisRequest()), kind);
    }

    /// <summary>A message of protobuf, or packed numbers.</summary>
    private sealed class Wire(byte[] bytes) : List<(int Number, ulong Value, byte[] Bytes)>(Read(bytes))
    {
        public List<ulong> Packed()
        {
            var values = new List<ulong>();
            for (int at = 0; at < bytes.Length;)
                values.Add(Varint(bytes, ref at));
            return values;
        }

        private static List<(int Number, ulong Value, byte[] Bytes)> Read(byte[] bytes)
        {
            var fields = new List<(int Number, ulong Value, byte[] Bytes)>();
            try
            {
                for (int at = 0; at < bytes.Length;)
                {
                    ulong key = Varint(bytes, ref at);
                    ulong value = Varint(bytes, ref at);
                    bool isBytes = (key & 7) == 2;
                    fields.Add(((int)(key >> 3), value, isBytes ? bytes[at..(at += (int)value)] : []));
                }
            }
            catch (Exception e) when (e is IndexOutOfRangeException or ArgumentOutOfRangeException)
            {
                // Packed numbers are no message.
            }

            return fields;
        }

        private static ulong Varint(byte[] bytes, ref int at)
        {
            ulong value = 0;
            for (int shift = 0; ; shift += 7)
            {
                byte part = bytes[at++];
                value |= (ulong)(part & 0x7f) << shift;
                if (part < 0x80)
                    return value;
            }
        }
    }
}
