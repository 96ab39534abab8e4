using System.Text.Json;
using System.Text.Json.Nodes;
using Kaa.Tests.Live.Harness;

namespace Kaa.Tests.Live;

/// <summary>Cores tell what the process told, but for what only the kernel knows.</summary>
public sealed class CoreTests : IDisposable
{
    private readonly Cores _cores = new();

    public void Dispose() => _cores.Dispose();

    [KernelCoreTheory]
    [MemberData(nameof(Interpreters.All), MemberType = typeof(Interpreters))]
    public void A_core_of_the_kernels_tells_the_stacks_waits_and_deadlocks_of_the_process(string interpreter)
    {
        using PythonChild child = _cores.Start(Interpreters.Named(interpreter), "waits.py");
        JsonElement live = WaitingThreads.Settled(child);
        JsonElement dead = Stacks(_cores.Kill(child, "0x33"), child);
        Differences(live, dead).ShouldBeEmpty();
        // The thread that the signal was for may run a handler first (gdb's does).
        Waits(dead, child.Pid).ShouldBe(Waits(live, child.Pid));
        dead.GetProperty("deadlocks").GetRawText().ShouldBe(live.GetProperty("deadlocks").GetRawText());
        dead.GetProperty("target").GetProperty("signal").GetProperty("name").GetString().ShouldBe("SIGABRT");
        dead.GetProperty("pauseMicroseconds").ValueKind.ShouldBe(JsonValueKind.Null);
        Notes(dead).ShouldBeEmpty();
    }

    /// <summary>0x1: no page of any file, no header, no shared memory; the first page of nothing proves which build a file is.</summary>
    [KernelCoreTheory]
    [MemberData(nameof(Interpreters.All), MemberType = typeof(Interpreters))]
    public void A_core_without_any_page_of_a_file_tells_the_same_values(string interpreter)
    {
        using PythonChild child = _cores.Start(Interpreters.Named(interpreter), "locals_values.py");
        JsonElement live = Harness.Kaa.Stacks(child, "--locals");
        JsonElement dead = Stacks(_cores.Kill(child, "0x1"), child, "--locals");
        Differences(live, dead).ShouldBeEmpty();
        Notes(dead).ShouldBe(["files-unproved"]);
    }

    [Theory]
    [MemberData(nameof(Interpreters.All), MemberType = typeof(Interpreters))]
    public void A_core_of_gdbs_tells_the_same_values(string interpreter)
    {
        using PythonChild child = _cores.Start(Interpreters.Named(interpreter), "locals_values.py");
        JsonElement live = Harness.Kaa.Stacks(child, "--locals");
        JsonElement dead = Stacks(_cores.Gcore(child), child, "--locals");
        Differences(live, dead).ShouldBeEmpty();
        dead.GetProperty("target").GetProperty("signal").ValueKind.ShouldBe(JsonValueKind.Null);
    }

    [Theory]
    [MemberData(nameof(TaskTests.WithAsyncio), MemberType = typeof(TaskTests))]
    public void A_core_tells_the_tasks_of_the_process(string interpreter)
    {
        using PythonChild child = _cores.Start(Interpreters.Named(interpreter), "tasks.py");
        JsonElement live = Harness.Kaa.Stacks(child, "--tasks");
        JsonElement dead = Stacks(_cores.Gcore(child), child, "--tasks");
        Differences(live, dead).ShouldBeEmpty();
        dead.GetProperty("tasks").GetArrayLength().ShouldBeGreaterThan(12);
    }

    [KernelCoreFact]
    public void The_thread_that_crashed_comes_first_and_the_address_is_told()
    {
        using PythonChild child = _cores.Start(Interpreters.Any, "crash.py");
        child.WriteLine("go");
        string core = _cores.Collect(child);
        JsonElement answer = Stacks(core, child);
        JsonElement signal = answer.GetProperty("target").GetProperty("signal");
        (signal.GetProperty("number").GetInt32(), signal.GetProperty("name").GetString(), signal.GetProperty("address").GetString()).ShouldBe((11, "SIGSEGV", "0x18"));
        JsonElement first = answer.GetProperty("threads")[0];
        first.GetProperty("name").GetString().ShouldBe("crasher");
        first.GetProperty("tid").GetInt32().ShouldBe(signal.GetProperty("tid").GetInt32());
        KaaResult text = Harness.Kaa.Run("bt", core);
        text.Output.ShouldContain("Ended by SIGSEGV at address 0x18");
    }

    [KernelCoreTheory]
    [MemberData(nameof(Interpreters.Two), MemberType = typeof(Interpreters))]
    public void A_truncated_core_says_what_it_lacks(string interpreter)
    {
        using PythonChild child = _cores.Start(Interpreters.Named(interpreter), "waits.py");
        string core = _cores.Kill(child);
        foreach (int percent in (int[])[99, 90, 50, 5])
        {
            using (FileStream file = File.OpenWrite(core))
                file.SetLength(Math.Min(file.Length, file.Length * percent / 100));
            KaaResult result = Harness.Kaa.Run("bt", core, "--json", "--locals");
            result.Exit.ShouldBeOneOf([1, 3], result.Output + result.Error);
            result.Output.ShouldContain(result.Exit == 3 ? "\"core-truncated\"" : "are missing at its end");
        }
    }

    [KernelCoreFact]
    public void Files_that_moved_are_found_by_sysroot_or_exe_and_those_of_other_builds_are_refused()
    {
        string place = Path.Combine(_cores.Directory, "here");
        Directory.CreateDirectory(place);
        string program = Path.Combine(place, "python");
        Interpreter debian = Interpreters.Named("3.11-debian");
        File.Copy(debian.Launch[0], program);
        using PythonChild child = _cores.Start(debian with { Launch = ["/usr/bin/env", "PYTHONHOME=/usr", program] }, "waits.py");
        WaitingThreads.Settled(child);
        JsonElement live = Harness.Kaa.Stacks(child, "--source", "0");
        string core = _cores.Kill(child);
        string moved = Path.Combine(_cores.Directory, "moved");
        Directory.CreateDirectory(moved);
        File.Move(program, Path.Combine(moved, "python"));

        // The interpreter of this stripped build is found in its data, its types are known by their marks and shapes; what is missing is told.
        KaaResult without = Harness.Kaa.Run("bt", core);
        without.Exit.ShouldBe(3, without.Error);
        without.Error.ShouldContain(program + " is not on this machine");
        without.Error.ShouldContain("--sysroot");
        PythonLines(Harness.Kaa.Run("bt", core, "--json").Json).ShouldBe(PythonLines(live));
        Differences(live, Stacks(core, child, "--source", "0", "--sysroot", moved)).ShouldBeEmpty();
        Differences(live, Stacks(core, child, "--source", "0", "--exe", Path.Combine(moved, "python"))).ShouldBeEmpty();
        File.Copy("/usr/bin/env", program);
        Harness.Kaa.Run("bt", core).Error.ShouldContain(program + " is another build");
    }

    /// <summary>Functions and lines of all threads, without the C functions that they are in: the names of those are in the program's file.</summary>
    private static string[] PythonLines(JsonElement answer) =>
    [
        .. answer.GetProperty("threads").EnumerateArray()
            .SelectMany(thread => thread.GetProperty("frames").EnumerateArray().Select(frame => (Tid: thread.GetProperty("tid").GetInt32(), Frame: frame)))
            .Where(each => each.Frame.GetProperty("kind").GetString() == "python")
            .Select(each => $"{each.Tid} {each.Frame.GetProperty("function").GetString()} {each.Frame.GetProperty("line").GetInt32()}")
            .OrderBy(line => line, StringComparer.Ordinal),
    ];

    [KernelCoreFact]
    public void A_compressed_core_tells_the_same()
    {
        using PythonChild child = _cores.Start(Interpreters.Any, "waits.py");
        JsonElement live = WaitingThreads.Settled(child);
        string core = _cores.Kill(child);
        Program.Run("zstd", ["-q", core]).Exit.ShouldBe(0);
        JsonElement dead = Stacks(core + ".zst", child);
        Differences(live, dead).ShouldBeEmpty();
        Notes(dead).ShouldBe(["core-unpacked"]);
    }

    [KernelCoreFact]
    public void Cores_and_processes_may_be_asked_for_together()
    {
        using PythonChild child = _cores.Start(Interpreters.Any, "waits.py");
        string pid = child.Pid.ToString(System.Globalization.CultureInfo.InvariantCulture);
        string core = _cores.Gcore(child);
        KaaResult result = Harness.Kaa.Run("bt", pid, core, "/nowhere/core", "--json");
        result.Exit.ShouldBe(1);
        JsonElement[] answers = [.. result.Json.EnumerateArray()];
        answers.Select(answer => answer.GetProperty("target").GetProperty("kind").GetString()).ShouldBe(["process", "core", "core"]);
        answers[2].GetProperty("error").GetProperty("code").GetString().ShouldBe("no-such-file");
        answers[2].GetProperty("target").GetProperty("path").GetString().ShouldBe("/nowhere/core");
    }

    [KernelCoreTheory]
    [InlineData("shell", "not-python")]
    [InlineData("pypy3", "unsupported-implementation")]
    public void A_core_of_another_program_is_told_to_be_one(string name, string code)
    {
        string program = Path.Combine(_cores.Directory, name);
        File.Copy("/bin/sh", program);
        string[] script = ["-c", "ulimit -c unlimited; \"$0\" -c 'kill -ABRT $$'", program];
        using System.Diagnostics.Process process = Program.Start("/bin/sh", script, _cores.Directory);
        process.WaitForExit();
        string core = Directory.GetFiles(_cores.Directory, "core*").Single();
        JsonElement error = Harness.Kaa.Run("bt", core, "--json").Json.GetProperty("error");
        error.GetProperty("code").GetString().ShouldBe(code);
    }

    [Theory]
    [InlineData("--every", "1")]
    [InlineData("--subprocesses")]
    public void What_only_processes_can_do_is_a_wrong_use_of_a_core(params string[] option) =>
        Harness.Kaa.Run(["bt", "./core", .. option]).Exit.ShouldBe(2);

    private static JsonElement Stacks(string core, PythonChild child, params string[] arguments)
    {
        string[] root = child.Interpreter.Root is { } directory ? ["--sysroot", directory] : [];
        KaaResult result = Harness.Kaa.Run(["bt", core, "--json", .. root, .. arguments]);
        result.Exit.ShouldBe(0, result.Output + result.Error);
        return result.Json;
    }

    private static string[] Notes(JsonElement answer) => [.. answer.GetProperty("notes").EnumerateArray().Select(note => note.GetProperty("code").GetString()!)];

    private static string[] Waits(JsonElement answer, int except) =>
    [
        .. answer.GetProperty("threads").EnumerateArray().Where(thread => thread.GetProperty("tid").GetInt32() != except)
            .Select(thread => $"{thread.GetProperty("tid")} {WithoutFiles(thread.GetProperty("waitingFor").GetRawText())}").Order(),
    ];

    /// <summary>No core of the kernel's tells what a descriptor was.</summary>
    private static string WithoutFiles(string wait) => System.Text.RegularExpressions.Regex.Replace(wait, @"(fd \d+) \([^)]*\)", "$1");

    private static List<string> Differences(JsonElement live, JsonElement dead) =>
        AnswerComparison.OfLiveAndCore(JsonNode.Parse(live.GetRawText())!.AsObject(), JsonNode.Parse(dead.GetRawText())!.AsObject());
}
