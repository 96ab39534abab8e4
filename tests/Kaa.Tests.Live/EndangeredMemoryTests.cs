using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Kaa.Tests.Live.Harness;

namespace Kaa.Tests.Live;

/// <summary><c>kaa mem attach</c> where something is near its limit or goes wrong: the process goes on, the recording reads, and what was lost is told.</summary>
public sealed class EndangeredMemoryTests
{
    private const string Fixture = "limited.py";
    private const long BlockBytes = 100_000;
    private const int MostRounds = 2_000;

    [Theory]
    [InlineData("RLIMIT_AS", "20000000", "ulimit -v")]
    [InlineData("RLIMIT_AS", "400000000", "ulimit -v")] // it would have been left with next to nothing
    [InlineData("RLIMIT_FSIZE", "1000000", "ulimit -f")]
    [InlineData("RLIMIT_NOFILE", "200", "EMFILE")]
    public void What_its_limits_do_not_allow_is_told_and_nothing_is_changed(string limit, string amount, string reason)
    {
        using PythonChild child = PythonChild.Start(Interpreters.Any, Fixture);
        Tell(child, $"limit {limit} {amount}");
        string path = Path.Combine(Path.GetTempPath(), "kaa-limited-" + Guid.NewGuid().ToString("N"));
        KaaResult result = Harness.Kaa.Run("mem", "attach", Text(child.Pid), "-o", path, "--duration", "1");
        File.Delete(path);
        result.Exit.ShouldBe(1, result.Error);
        result.Error.ShouldContain(reason);
        result.Error.ShouldNotContain("bug");
        Tell(child, "hold 10");
        ShouldHaveItsCode(child);
        child.CloseInput();
        child.WaitForExit().ShouldBe(0);
    }

    [Theory]
    [MemberData(nameof(Interpreters.Two), MemberType = typeof(Interpreters))]
    public void With_room_for_it_a_limited_address_space_is_recorded(string interpreter)
    {
        using PythonChild child = PythonChild.Start(Interpreters.Named(interpreter), Fixture);
        Tell(child, "limit RLIMIT_AS 500000000");
        using var recording = Recording.Of(child);
        Tell(child, "hold 10");
        recording.End().ShouldBe(0);
        ShouldHold(recording.Report("leaks"), 10);
    }

    [SmallDiskFact]
    public void The_file_of_a_full_disk_reads_up_to_there()
    {
        using var disk = SmallDisk.Mount(64 << 10);
        ShouldEndEarly(disk.Directory, "", "no room");
    }

    [Fact]
    public void So_does_one_that_may_not_grow_any_more()
    {
        string directory = Directory.CreateTempSubdirectory("kaa-mem-").FullName;
        ShouldEndEarly(directory, "ulimit -f 64; ", "large");
        Directory.Delete(directory, recursive: true);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_file_that_somebody_deleted_is_not_told_as_written(bool isFollowed)
    {
        using PythonChild child = PythonChild.Start(Interpreters.Any, Fixture);
        using Recording recording = isFollowed ? Recording.Of(child, "--follow") : Recording.Of(child);
        File.Delete(recording.Path);
        Tell(child, "hold 1");
        recording.End(3);
        ShouldHaveItsCode(child);
    }

    /// <summary>Its reader stands still for longer than the ring has room: the process does not wait for it, and what came then is counted as lost.</summary>
    [Fact]
    public void A_kaa_that_stands_still_is_not_waited_for_and_what_is_lost_is_counted()
    {
        using PythonChild child = PythonChild.Start(Interpreters.Any, Fixture);
        using var recording = Recording.Of(child, "--allocators", "system");
        Tell(child, "hold 7");
        recording.Signal("STOP");
        Tell(child, "many 1200000");
        recording.Signal("CONT");
        Tell(child, "hold 3");
        recording.End(3);
        KaaResult report = Harness.Kaa.Run("mem", "report", recording.Path, "--view", "leaks", "--json");
        report.Exit.ShouldBe(3);
        report.Json.GetProperty("metadata").GetProperty("lost").GetInt64().ShouldBeGreaterThan(0);
        report.Json.GetProperty("notes").EnumerateArray().ShouldContain(note => note.GetProperty("code").GetString() == "events-lost");
        Blocks(report.Json).ShouldBeGreaterThanOrEqualTo(7);
        Harness.Kaa.Run("mem", "report", recording.Path).Error.ShouldContain("events were lost");
        ShouldHaveItsCode(child);
    }

    [Theory]
    [MemberData(nameof(Interpreters.Plain), MemberType = typeof(Interpreters))]
    public void Children_and_another_user_leave_it_exact(string interpreter)
    {
        using PythonChild child = PythonChild.Start(Interpreters.Named(interpreter), Fixture);
        using var recording = Recording.Of(child);
        Tell(child, "fork");
        Tell(child, "hold 4");
        Tell(child, "spawn");
        if (Environment.IsPrivilegedProcess)
            Tell(child, "become 65534");
        Tell(child, "hold 6");
        Tell(child, "fork");
        recording.End().ShouldBe(0);
        ShouldHold(recording.Report("leaks"), 10);
        ShouldHaveItsCode(child);
        child.CloseInput();
        child.WaitForExit().ShouldBe(0);
    }

    /// <summary>A child of fork has what it allocated itself, and a program what it did; neither has anything of the parent's, nor the parent of theirs.</summary>
    [Theory]
    [MemberData(nameof(Interpreters.Plain), MemberType = typeof(Interpreters))]
    public void Children_that_are_followed_have_recordings_of_their_own(string interpreter)
    {
        using PythonChild child = PythonChild.Start(Interpreters.Named(interpreter), Fixture);
        using var recording = Recording.Of(child, "--follow");
        Tell(child, "hold 4");
        Tell(child, "fork");
        Tell(child, "spawn");
        Tell(child, "hold 6");
        recording.End().ShouldBe(0);
        ShouldHold(recording.Report("leaks"), 10);
        List<JsonElement> others = [.. recording.Others().Select(path => Harness.Kaa.Run("mem", "report", path, "--view", "leaks", "--json").Json)];
        others.Count(other => Blocks(other) == 50).ShouldBe(1);
        others.Count(other => Blocks(other) == 0).ShouldBeGreaterThanOrEqualTo(1);
        others.Count(other => Blocks(other) is not (0 or 50)).ShouldBe(0);
        others.ShouldContain(other => other.GetProperty("target").GetProperty("command").EnumerateArray().Any(word => word.GetString() == "pass"));
        ShouldHaveItsCode(child);
        child.CloseInput();
        child.WaitForExit().ShouldBe(0);
    }

    [Theory]
    [MemberData(nameof(Interpreters.Plain), MemberType = typeof(Interpreters))]
    public void A_process_that_crashes_is_recorded_to_its_last_moment(string interpreter)
    {
        foreach (string signal in new[] { "SIGSEGV", "SIGKILL" })
        {
            using PythonChild child = PythonChild.Start(Interpreters.Named(interpreter), Fixture);
            using var recording = Recording.Of(child);
            child.WriteLine("hold 10");
            child.WriteLine("die " + signal);
            child.WaitForExit().ShouldBeGreaterThan(128);
            recording.WaitForExit().ShouldBe(0);
            JsonElement leaks = recording.Report("leaks");
            leaks.GetProperty("metadata").GetProperty("endedAt").ValueKind.ShouldBe(JsonValueKind.Number);
            leaks.GetProperty("metadata").GetProperty("lost").GetInt64().ShouldBe(0);
            ShouldHold(leaks, 10);
        }
    }

    [Theory]
    [MemberData(nameof(Interpreters.Plain), MemberType = typeof(Interpreters))]
    public void One_that_becomes_another_program_is_recorded_until_then(string interpreter)
    {
        using PythonChild child = PythonChild.Start(Interpreters.Named(interpreter), Fixture);
        using var recording = Recording.Of(child);
        Tell(child, "hold 10");
        Tell(child, "run");
        recording.WaitForExit().ShouldBe(0);
        ShouldHold(recording.Report("leaks"), 10);
        child.WriteLine("");
        child.WaitForExit().ShouldBe(0);
    }

    /// <summary>A group that has little left when Kaa comes; what the recording itself needs kills nobody.</summary>
    [MemoryGroupFact]
    public void A_group_near_its_limit_goes_on()
    {
        using MemoryGroup group = MemoryGroup.Make(64 << 20).ShouldNotBeNull();
        using PythonChild child = PythonChild.Start(Interpreters.Any, Fixture);
        group.Take(child.Pid);
        Tell(child, "hold 350");
        using var recording = Recording.Of(child);
        Tell(child, "hold 40");
        Tell(child, "many 300000");
        recording.End().ShouldBe(0);
        ShouldHold(recording.Report("leaks"), 40);
        child.CloseInput();
        child.WaitForExit().ShouldBe(0);
    }

    [MemoryGroupFact]
    public void One_that_the_kernel_kills_for_its_memory_is_recorded_to_its_last_moment()
    {
        using MemoryGroup group = MemoryGroup.Make(96 << 20).ShouldNotBeNull();
        using PythonChild child = PythonChild.Start(Interpreters.Any, Fixture);
        group.Take(child.Pid);
        using var recording = Recording.Of(child, "--allocators", "system");
        child.WriteLine("eat");
        child.WaitForExit().ShouldBe(128 + 9);
        recording.WaitForExit().ShouldBe(0);
        JsonElement leaks = recording.Report("leaks");
        leaks.GetProperty("metadata").GetProperty("lost").GetInt64().ShouldBe(0);
        leaks.GetProperty("totals").GetProperty("heldBytes").GetInt64().ShouldBeGreaterThan(60 << 20);
        leaks.GetProperty("entries")[0].GetProperty("stack")[0].GetProperty("line").GetInt32().ShouldBe(Repository.LineOf("eaten", Fixture));
    }

    /// <summary>Kaa says why its recording has ended; what is in the file reads, and the process goes on as if nothing had been.</summary>
    private static void ShouldEndEarly(string directory, string before, string reason)
    {
        using PythonChild child = PythonChild.Start(Interpreters.Any, Fixture);
        string path = Path.Combine(directory, "recording");
        using Process kaa = Program.Start("/bin/sh", ["-c", before + "exec \"$0\" mem attach \"$1\" -o \"$2\"", Repository.Kaa, Text(child.Pid), path]);
        kaa.StandardError.ReadLine().ShouldNotBeNull().ShouldContain("recording process");
        Task<string> error = kaa.StandardError.ReadToEndAsync();
        Tell(child, "hold 10");
        for (int i = 0; i < MostRounds && !kaa.HasExited; i++)
            Tell(child, "many 20000");
        kaa.HasExited.ShouldBeTrue("its file has room for all of that");
        kaa.ExitCode.ShouldBe(1);
        error.GetAwaiter().GetResult().ShouldContain(reason);
        KaaResult report = Harness.Kaa.Run("mem", "report", path, "--view", "leaks", "--json");
        report.Exit.ShouldBeOneOf([0, 3], report.Error);
        report.Json.GetProperty("notes").EnumerateArray().ShouldContain(note => note.GetProperty("code").GetString() == "recording-open" || note.GetProperty("code").GetString() == "recording-cut");
        ShouldHold(report.Json, 10);
        ShouldHaveItsCode(child);
        child.CloseInput();
        child.WaitForExit().ShouldBe(0);
    }

    private static void Tell(PythonChild child, string line)
    {
        child.WriteLine(line);
        child.ReadUntil(line.Split(' ')[0]);
    }

    private static void ShouldHaveItsCode(PythonChild child)
    {
        // Behind all code may be what Kaa has it make system calls by; where no agent ever was, no places are spoken of.
        KaaResult left = Harness.Kaa.Run("detach", Text(child.Pid));
        left.Exit.ShouldBe(0, left.Error);
        (left.Output.Contains(" 0 places of code restored", StringComparison.Ordinal) || !left.Output.Contains("restored", StringComparison.Ordinal)).ShouldBeTrue(left.Output);
    }

    private static void ShouldHold(JsonElement report, long blocks) => Blocks(report).ShouldBe(blocks);

    /// <summary>Buffers of the line that holds some: what is beside them (objects, their list) is less than one more.</summary>
    private static long Blocks(JsonElement report)
    {
        long bytes = 0;
        int line = Repository.LineOf("held", Fixture);
        foreach (JsonElement entry in report.GetProperty("entries").EnumerateArray())
        {
            JsonElement stack = entry.GetProperty("stack");
            if (stack.GetArrayLength() == 0 || entry.GetProperty("allocator").GetString() == "mmap" || stack[0].GetProperty("line").ToString() != Text(line))
                continue;
            if (stack[0].GetProperty("file").GetString()?.EndsWith(Fixture, StringComparison.Ordinal) == true)
                bytes += entry.GetProperty("bytes").GetInt64();
        }

        return bytes / BlockBytes;
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
