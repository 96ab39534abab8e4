using System.Globalization;
using System.Text.Json;
using Kaa.Tests.Live.Harness;

namespace Kaa.Tests.Live;

/// <summary><c>kaa mem</c> on every interpreter: what a program allocates by arithmetic is what the recording has, by line, to the byte.</summary>
public sealed class MemoryTests
{
    [Theory]
    [MemberData(nameof(Interpreters.Plain), MemberType = typeof(Interpreters))]
    public void Counts_and_bytes_of_each_line_are_exact(string interpreter)
    {
        using PythonChild child = PythonChild.Start(Interpreters.Named(interpreter), "allocations.py");
        using var recording = Recording.Of(child);
        child.WriteLine("go");
        child.ReadUntil("done").ShouldBe("0");
        recording.End().ShouldBe(0);
        JsonElement leaks = recording.Report("leaks");
        if (child.Ready.Length > 0)
        {
            Of(leaks, "bytearray without ctypes", "Py").Bytes.ShouldBeInRange(1_000_000, 1_006_000);
            return;
        }

        leaks.GetProperty("metadata").GetProperty("lost").GetInt64().ShouldBe(0);

        // 2.7 takes blocks of memory for its integers from malloc, wherever it runs out of them.
        bool isOld = interpreter == "2.7.18";
        ShouldBe(Of(leaks, "malloc", "malloc"), 100, 1234, isOld);
        ShouldBe(Of(leaks, "calloc", "calloc"), 50, 3000, isOld: false);
        ShouldBe(Of(leaks, "realloc", "realloc"), 20, 5432, isOld);
        ShouldBe(Of(leaks, "posix_memalign", "posix_memalign"), 1, 7777, isOld: false);
        ShouldBe(Of(leaks, "thread", "malloc"), 30, 3333, isOld);
        ShouldBe(Of(leaks, "deep", "malloc"), 1, 4321, isOld);
        Of(leaks, "freed", "malloc").ShouldBe((0, 0));
        Of(leaks, "peak", "malloc").ShouldBe((0, 0));
        Deepest(leaks).ShouldBeGreaterThan(300);

        JsonElement all = recording.Report("all");
        ShouldBe(Of(all, "freed", "malloc"), 1000, 2222, isOld);

        // ctypes makes objects of its own between a call and the next.
        ShouldBe(Of(recording.Report("temporary", "--within", "100"), "freed", "malloc"), 1000, 2222, isOld);
        ShouldBe(Of(recording.Report("peak"), "peak", "malloc"), 5, 1 << 22, isOld);

        // A bytearray's buffer is its size and a few bytes more; beside it are the ten objects and the list.
        Of(leaks, "bytearray", isOld ? "" : "Py").Bytes.ShouldBeInRange(1_000_000, 1_006_000);
    }

    /// <summary>What is not compared at each allocation, because it can't have changed, has not changed: whatever is recorded, and wherever the frames lie.</summary>
    [Theory]
    [MemberData(nameof(Interpreters.Plain), MemberType = typeof(Interpreters))]
    public void Callers_far_below_are_exact(string interpreter)
    {
        foreach (string allocators in new[] { "system", "all" })
        {
            using PythonChild child = PythonChild.Start(Interpreters.Named(interpreter), "depths.py");
            if (child.Ready.Length > 0)
                return;
            using var recording = Recording.Of(child, "--allocators", allocators);
            child.WriteLine("go");
            child.ReadUntil("done").ShouldBe("0");
            recording.End().ShouldBe(0);
            JsonElement leaks = recording.Report("leaks");
            foreach (string mark in new[] { "one", "two", "three" })
                CountBelow(leaks, mark).ShouldBe(7 * 7, allocators);
        }
    }

    [Fact]
    public void The_process_has_the_same_code_afterwards()
    {
        using PythonChild child = PythonChild.Start(Interpreters.Any, "allocations.py");
        byte[] before = CodeOfLibc(child.Pid);
        using (var recording = Recording.Of(child))
        {
            CodeOfLibc(child.Pid).AsSpan().SequenceEqual(before).ShouldBeFalse();
            recording.End().ShouldBe(0);
        }

        CodeOfLibc(child.Pid).AsSpan().SequenceEqual(before).ShouldBeTrue();
        child.WriteLine("go");
        child.ReadUntil("done").ShouldBe("0");
    }

    [Fact]
    public void Killed_it_leaves_a_process_that_works_and_a_recording_that_reads()
    {
        using PythonChild child = PythonChild.Start(Interpreters.Any, "allocations.py");
        using (var recording = Recording.Of(child))
        {
            recording.Kill();
            child.WriteLine("go");
            child.ReadUntil("done").ShouldBe("0");
            KaaResult report = Harness.Kaa.Run("mem", "report", recording.Path, "--json");
            report.Exit.ShouldBe(0, report.Error);
            report.Json.GetProperty("notes").EnumerateArray().ShouldContain(note => note.GetProperty("code").GetString() == "recording-open");
        }

        // The next one finds what was left, and uses it.
        using var again = Recording.Of(child);
        again.End().ShouldBe(0);
    }

    [Fact]
    public void A_second_one_is_told_who_is_there()
    {
        using PythonChild child = PythonChild.Start(Interpreters.Any, "allocations.py");
        using var recording = Recording.Of(child);
        KaaResult second = Harness.Kaa.Run("mem", "attach", child.Pid.ToString(CultureInfo.InvariantCulture), "-o", recording.Path + ".2");
        second.Exit.ShouldBe(1);
        second.Error.ShouldContain("another Kaa");
        recording.End().ShouldBe(0);
    }

    [Fact]
    public void Another_terminal_can_end_it()
    {
        using PythonChild child = PythonChild.Start(Interpreters.Any, "allocations.py");
        string pid = child.Pid.ToString(CultureInfo.InvariantCulture);
        Harness.Kaa.Run("mem", "detach", pid).Error.ShouldContain("no allocations of process");
        using var recording = Recording.Of(child);
        child.WriteLine("go");
        child.ReadUntil("done");
        KaaResult detach = Harness.Kaa.Run("mem", "detach", pid);
        detach.Exit.ShouldBe(0, detach.Error);
        recording.WaitForExit().ShouldBe(0);
        ShouldBe(Of(recording.Report("leaks"), "malloc", "malloc"), 100, 1234, isOld: false);

        // One that was killed is taken back.
        using var killed = Recording.Of(child);
        killed.Kill();
        Harness.Kaa.Run("mem", "detach", pid).Exit.ShouldBe(0);
    }

    /// <summary>Whether it stood still while it had nothing to do, or in the midst of its reading.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void One_that_stood_still_and_was_replaced_leaves_the_other_alone(bool isBusy)
    {
        using PythonChild child = PythonChild.Start(Interpreters.Any, "allocations.py");
        using PythonChild? busy = isBusy ? PythonChild.StartFile(Interpreters.Any, Repository.Program("allocating.py")) : null;
        PythonChild target = busy ?? child;
        using var first = Recording.Of(target);
        System.Threading.Thread.Sleep(200);
        first.Signal("STOP");
        System.Threading.Thread.Sleep(300);
        using var second = Recording.Of(target);
        first.Signal("CONT");
        first.WaitForExit(3).ShouldBe(3);
        KaaResult report = Harness.Kaa.Run("mem", "report", first.Path, "--json");
        report.Exit.ShouldBe(0, report.Error);
        if (busy is not null)
        {
            busy.WriteLine("count 50");
            busy.ReadUntil("counted");
            second.End().ShouldBe(0);
            second.Report("leaks").GetProperty("metadata").GetProperty("lost").GetInt64().ShouldBe(0);
            return;
        }

        child.WriteLine("go");
        child.ReadUntil("done").ShouldBe("0");
        second.End().ShouldBe(0);
        ShouldBe(Of(second.Report("leaks"), "malloc", "malloc"), 100, 1234, isOld: false);
    }

    [Fact]
    public void A_process_that_ends_ends_its_recording()
    {
        using PythonChild child = PythonChild.Start(Interpreters.Any, "allocations.py");
        using var recording = Recording.Of(child);
        child.WriteLine("go");
        child.ReadUntil("done");
        child.CloseInput();
        child.WaitForExit().ShouldBe(0);
        recording.WaitForExit().ShouldBe(0);
        Of(recording.Report("peak"), "malloc", "malloc").ShouldBe((100, 123_400));
    }

    [Theory]
    [InlineData("text", "of the memory held at the peak comes from")]
    [InlineData("html", "<!doctype html>")]
    [InlineData("collapsed", "MainThread;<module> (")]
    [InlineData("speedscope", "\"$schema\":\"https://www.speedscope.app/file-format-schema.json\"")]
    public void Reports_come_in_every_form(string format, string part)
    {
        using PythonChild child = PythonChild.Start(Interpreters.Any, "allocations.py");
        using var recording = Recording.Of(child);
        child.WriteLine("go");
        child.ReadUntil("done");
        recording.End().ShouldBe(0);
        KaaResult report = Harness.Kaa.Run("mem", "report", recording.Path, "--format", format);
        report.Exit.ShouldBe(0, report.Error);
        report.Output.ShouldContain(part);
    }

    /// <summary>Poisson samples: within five standard errors of the truth.</summary>
    [Fact]
    public void Samples_estimate_the_truth()
    {
        using PythonChild child = PythonChild.Start(Interpreters.Any, "allocations.py");
        using var recording = Recording.Of(child, "--sample", "20000", "--allocators", "system");
        child.WriteLine("go");
        child.ReadUntil("done");
        recording.End().ShouldBe(0);
        JsonElement all = recording.Report("all");
        all.GetProperty("mode").GetString().ShouldBe("sampled");
        double freed = 2_222_000;
        double error = Math.Sqrt(freed * 20_000);
        Of(all, "freed", "malloc").Bytes.ShouldBeInRange((long)(freed - 5 * error), (long)(freed + 5 * error));
    }

    /// <summary>Where samples are taken from PyMem_Raw too, so that the function for freeing stays as it is: none is missed, and none outlives its block.</summary>
    [Theory]
    [MemberData(nameof(Interpreters.Plain), MemberType = typeof(Interpreters))]
    public void Samples_of_small_blocks_end_with_them(string interpreter)
    {
        const double Mean = 2_000;
        using PythonChild child = PythonChild.Start(Interpreters.Named(interpreter), "sampled.py");
        using var recording = Recording.Of(child, "--sample", "2000");
        child.WriteLine("go");
        string[] told = child.ReadUntil("done").Split(' ');
        recording.End().ShouldBe(0);
        JsonElement leaks = recording.Report("leaks");
        leaks.GetProperty("metadata").GetProperty("lost").GetInt64().ShouldBe(0);
        double size = double.Parse(told[0], CultureInfo.InvariantCulture);
        ShouldBeNear(OfSampled(leaks, "held"), 200_000 * size, Mean);
        ShouldBeNear(OfSampled(recording.Report("all"), "freed"), 300_000 * size, Mean);
        OfSampled(leaks, "freed").ShouldBe(0);
        OfSampled(leaks, "grown").ShouldBe(0);

        // What CPython itself counts of its blocks has not been led astray.
        Math.Abs(long.Parse(told[1], CultureInfo.InvariantCulture)).ShouldBeLessThan(100);
    }

    /// <summary>
    /// Each thread draws its own distances: of those that come and go, too. glibc takes 64 or 128 MiB of addresses for a thread's own arena, as it may within its first free, which is not told: they are
    /// no memory that the program asked for.
    /// </summary>
    [Theory]
    [MemberData(nameof(Interpreters.Plain), MemberType = typeof(Interpreters))]
    public void Samples_of_threads_estimate_the_truth_and_arenas_are_none(string interpreter)
    {
        const double Mean = 100 << 10;
        using PythonChild child = PythonChild.Start(Interpreters.Named(interpreter), "threaded.py");
        using var recording = Recording.Of(child, "--sample", "100K");
        child.WriteLine("go");
        child.ReadUntil("done");
        recording.End().ShouldBe(0);
        JsonElement all = recording.Report("all");
        ShouldBeNear(RecordedLine.Of(all, "threaded.py", "kept", "").Bytes, 8 * 200 * 3000, Mean);
        ShouldBeNear(RecordedLine.Of(all, "threaded.py", "held", "").Bytes, 400 * 2 * 10_000, Mean);
        long mapped = 0;
        foreach (JsonElement entry in all.GetProperty("entries").EnumerateArray())
            mapped += entry.GetProperty("allocator").GetString() == "mmap" ? entry.GetProperty("bytes").GetInt64() : 0;
        mapped.ShouldBeLessThan(32 << 20);
    }

    /// <summary>A size that no allocator can give takes no time to be counted down, and is no reason to count nothing any more.</summary>
    [Theory]
    [MemberData(nameof(Interpreters.Plain), MemberType = typeof(Interpreters))]
    public void Whoever_asks_for_more_than_there_is_goes_on_being_sampled(string interpreter)
    {
        const double Mean = 100 << 10;
        ShouldBeNear(RecordedLine.Of(Recorded(interpreter, "unpayable.py", "0 2000", "all", "--sample", "100K"), "unpayable.py", "kept", "").Bytes, 2000 * 3000, Mean);
    }

    [Theory]
    [MemberData(nameof(Interpreters.Two), MemberType = typeof(Interpreters))]
    public void Threads_whose_stacks_lie_a_power_of_two_apart_are_all_recorded(string interpreter)
    {
        RecordedLine.Of(Recorded(interpreter, "spaced.py", "100", "leaks"), "spaced.py", "spaced", "").Bytes.ShouldBeGreaterThanOrEqualTo(100 * 10_000);
    }

    [Theory]
    [MemberData(nameof(Interpreters.Two), MemberType = typeof(Interpreters))]
    public void Of_a_mapping_goes_what_the_kernel_takes_away(string interpreter)
    {
        JsonElement leaks = Recorded(interpreter, "unmapped.py", "[-1, 0, 0]", "leaks");
        RecordedLine.Of(leaks, "unmapped.py", "refused", "mmap").ShouldBe((1, 3 << 20));
        RecordedLine.Of(leaks, "unmapped.py", "begun", "mmap").ShouldBe((1, 50_000 - 4_096));
        RecordedLine.Of(leaks, "unmapped.py", "gone", "mmap").ShouldBe((0, 0));
    }

    /// <summary>Code that is made anew all the time is told as what it is, and takes no memory of the process's for each time.</summary>
    [Theory]
    [MemberData(nameof(Interpreters.OfEachKind), MemberType = typeof(Interpreters))]
    public void Code_that_is_like_other_code_is_one(string interpreter)
    {
        using PythonChild child = PythonChild.Start(Interpreters.Named(interpreter), "evaluated.py");
        using var recording = Recording.Of(child);
        child.WriteLine("go");
        child.ReadUntil("done").ShouldBe("5");
        string shared = File.ReadLines($"/proc/{child.Pid}/status").Single(line => line.StartsWith("RssShmem", StringComparison.Ordinal));
        int.Parse(shared.Split(':', StringSplitOptions.TrimEntries)[1].Split(' ')[0], CultureInfo.InvariantCulture).ShouldBeLessThan(40 << 10); // 60,000 code objects would be twice that
        recording.End().ShouldBe(0);
        JsonElement leaks = recording.Report("leaks");
        for (int number = 0; number < 5; number++)
        {
            int size = 40_000 + 1000 * number;
            long bytes = leaks.GetProperty("entries").EnumerateArray()
                .Where(entry => entry.GetProperty("stack") is var stack && stack.GetArrayLength() > 0 && stack[0].GetProperty("file").GetString() == $"rules-{size}.py")
                .Sum(entry => entry.GetProperty("bytes").GetInt64());
            bytes.ShouldBeInRange(size, size + 200);
        }
    }

    /// <summary>All that a code object is told by may be at the same addresses again, and its frame too.</summary>
    [Theory]
    [MemberData(nameof(Interpreters.Plain), MemberType = typeof(Interpreters))]
    public void Code_that_is_made_where_other_code_was_is_told_as_what_it_is(string interpreter)
    {
        var expected = new Dictionary<(string, int), long>();
        for (int number = 0; number < 300; number++)
        {
            (string, int) place = ($"job{number % 5}.py", number % 7 + 1);
            expected[place] = expected.GetValueOrDefault(place) + 10_000 + 8 * number;
        }

        var found = new Dictionary<(string, int), long>();
        foreach (JsonElement entry in Recorded(interpreter, "remade.py", "300", "leaks").GetProperty("entries").EnumerateArray())
        {
            JsonElement frame = entry.GetProperty("stack").EnumerateArray().FirstOrDefault(frame => frame.GetProperty("kind").GetString() == "python");
            if (frame.ValueKind == JsonValueKind.Object && frame.GetProperty("file").GetString() is { } file && file.StartsWith("job", StringComparison.Ordinal))
            {
                (string, int) place = (file, frame.GetProperty("line").GetInt32());
                found[place] = found.GetValueOrDefault(place) + entry.GetProperty("bytes").GetInt64();
            }
        }

        // What a bytearray is besides its bytes.
        foreach (((string, int) place, long bytes) in expected)
            found.GetValueOrDefault(place).ShouldBeInRange(bytes, bytes + 6_000, $"{place}");
    }

    /// <summary>What is reported of what a fixture does between "go" and "done".</summary>
    private static JsonElement Recorded(string interpreter, string fixture, string done, string view, params string[] options)
    {
        using PythonChild child = PythonChild.Start(Interpreters.Named(interpreter), fixture);
        using var recording = Recording.Of(child, options);
        child.WriteLine("go");
        child.ReadUntil("done").ShouldBe(done);
        recording.End().ShouldBe(0);
        return recording.Report(view);
    }

    private static void ShouldBeNear(long bytes, double truth, double mean)
    {
        double error = Math.Sqrt(truth * mean);
        bytes.ShouldBeInRange((long)(truth - 5 * error), (long)(truth + 5 * error));
    }

    private static long OfSampled(JsonElement report, string mark) => RecordedLine.Of(report, "sampled.py", mark, mark == "grown" ? "Py" : "PyObject_").Bytes;

    private static void ShouldBe((long Count, long Bytes) found, long count, long each, bool isOld)
    {
        if (!isOld)
        {
            found.ShouldBe((count, count * each));
            return;
        }

        found.Count.ShouldBeInRange(count, count + 2);
        found.Bytes.ShouldBeInRange(count * each, count * each + 2048);
    }

    /// <summary>What one line of the fixture allocated, by functions whose name begins so.</summary>
    private static (long Count, long Bytes) Of(JsonElement report, string mark, string allocator) => RecordedLine.Of(report, "allocations.py", mark, allocator);

    /// <summary>Blocks of the fixture depths.py that were allocated by way of a line.</summary>
    private static long CountBelow(JsonElement report, string mark)
    {
        int line = Repository.LineOf(mark, "depths.py");
        long count = 0;
        foreach (JsonElement entry in report.GetProperty("entries").EnumerateArray())
        {
            bool isBelow = entry.GetProperty("stack").EnumerateArray().Any(frame => frame.GetProperty("function").GetString() == "turns" && frame.GetProperty("line").GetInt32() == line);
            if (isBelow && entry.GetProperty("allocator").GetString() == "malloc" && entry.GetProperty("bytes").GetInt64() == 4321 * entry.GetProperty("count").GetInt64())
                count += entry.GetProperty("count").GetInt64();
        }

        return count;
    }

    private static int Deepest(JsonElement report) => report.GetProperty("entries").EnumerateArray().Max(entry => entry.GetProperty("stack").GetArrayLength());

    private static byte[] CodeOfLibc(int pid)
    {
        string mapping = File.ReadLines($"/proc/{pid}/maps").First(line => line.Contains("r-xp", StringComparison.Ordinal) && line.Contains("libc", StringComparison.Ordinal));
        string[] range = mapping.Split(' ')[0].Split('-');
        long start = long.Parse(range[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        long end = long.Parse(range[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture);

        // The last page is where Kaa's own calls are made from, behind all code.
        byte[] code = new byte[end - start - 4096];
        using var memory = new FileStream($"/proc/{pid}/mem", FileMode.Open, FileAccess.Read, FileShare.ReadWrite, 1);
        memory.Position = start;
        memory.ReadExactly(code);
        return code;
    }
}
