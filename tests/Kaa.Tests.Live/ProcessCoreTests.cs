using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Kaa.Tests.Live.Harness;

namespace Kaa.Tests.Live;

/// <summary><c>kaa core PID</c>: the process goes on unharmed, and its core tells what it was.</summary>
public sealed class ProcessCoreTests : IDisposable
{
    private readonly Cores _cores = new();

    private string Core => Path.Combine(_cores.Directory, "core");

    public void Dispose() => _cores.Dispose();

    [Theory]
    [MemberData(nameof(Interpreters.All), MemberType = typeof(Interpreters))]
    public void Its_core_tells_stacks_waits_names_and_states_of_the_process(string interpreter)
    {
        using PythonChild child = PythonChild.Start(Interpreters.Named(interpreter), "waits.py");
        JsonElement live = WaitingThreads.Settled(child);
        int children = Children(child);
        JsonElement report = Dump(child);
        report.GetProperty("way").GetString().ShouldBe("snapshot", report.GetRawText());
        Differences(live, Stacks(child)).ShouldBeEmpty();

        // And the process has not noticed. Timed waits go on as restart_syscall: they are told by their code or their arguments.
        AnswerComparison.OfLooks(JsonNode.Parse(live.GetRawText())!.AsObject(), JsonNode.Parse(Harness.Kaa.Stacks(child).GetRawText())!.AsObject()).ShouldBeEmpty();
        Children(child).ShouldBe(children);
    }

    [Theory]
    [MemberData(nameof(Interpreters.All), MemberType = typeof(Interpreters))]
    public void Its_core_tells_the_same_values(string interpreter)
    {
        using PythonChild child = PythonChild.Start(Interpreters.Named(interpreter), "locals_values.py");
        JsonElement live = Harness.Kaa.Stacks(child, "--locals");
        Dump(child);
        Differences(live, Stacks(child, "--locals")).ShouldBeEmpty();
    }

    [Theory]
    [MemberData(nameof(Interpreters.All), MemberType = typeof(Interpreters))]
    public void Gdb_sees_the_stacks_in_it_that_it_sees_in_the_process(string interpreter)
    {
        using PythonChild child = PythonChild.Start(Interpreters.Named(interpreter), "waits.py");
        WaitingThreads.Settled(child);
        Dump(child);
        Dictionary<int, ulong[]> inCore = GdbStacks.Of(Core, child);
        Dictionary<int, ulong[]> inProcess = GdbStacks.Of(child);
        inCore.Keys.Order().ShouldBe(inProcess.Keys.Order());
        foreach ((int tid, ulong[] stack) in inProcess)
            inCore[tid].ShouldBe(stack, tid.ToString(CultureInfo.InvariantCulture));
    }

    [Theory]
    [MemberData(nameof(Interpreters.Plain), MemberType = typeof(Interpreters))]
    public void The_program_sees_nothing_of_it(string interpreter)
    {
        const int Dumps = 10;
        using PythonChild child = PythonChild.Start(Interpreters.Named(interpreter), "core_parent.py");
        for (int i = 0; i < Dumps; i++)
            Dump(child, "--force").GetProperty("way").GetString().ShouldBe("snapshot");
        child.WriteLine("report");
        child.ReadUntil("report").ShouldBe("0 0 0");
        Children(child).ShouldBe(1);
        child.WriteLine("end");
        child.ReadUntil("end").ShouldBe("0 True");
    }

    [Fact]
    public void Memory_that_a_fork_leaves_out_is_in_it_and_what_asks_to_be_left_out_is_not()
    {
        using PythonChild child = PythonChild.Start(Interpreters.Any, "core_parent.py");
        JsonElement report = Dump(child);
        ulong[] addresses = [.. child.Ready.Split(' ').Select(address => ulong.Parse(address, NumberStyles.HexNumber, CultureInfo.InvariantCulture))];
        string[] texts = ["KAA plain memory", "KAA not forked", "KAA wiped on fork"];
        for (int i = 0; i < texts.Length; i++)
            TextAt(addresses[i], texts[i].Length).ShouldBe(texts[i]);
        TextAt(addresses[3], 8).ShouldBeNull();
        Notes(report).ShouldContain("dontdump");
    }

    [Theory]
    [InlineData("kill", "plain")]
    [InlineData("refuse", "plain")]
    [InlineData("allow", "snapshot")]
    public void A_seccomp_filter_is_asked_before_anything_is_tried(string verdict, string way)
    {
        using PythonChild child = PythonChild.Start(Interpreters.Any, "core_filter.py");
        child.WriteLine(verdict);
        child.ReadUntil("filtered");
        JsonElement report = Dump(child);
        report.GetProperty("way").GetString().ShouldBe(way, report.GetRawText());
        Notes(report).Contains("no-snapshot").ShouldBe(way == "plain");
        child.WriteLine("still there?");
        child.ReadUntil("alive");
    }

    [Fact]
    public void The_plain_way_gives_the_same_core()
    {
        using PythonChild child = PythonChild.Start(Interpreters.Any, "waits.py");
        JsonElement live = WaitingThreads.Settled(child);
        Dump(child, "--no-snapshot").GetProperty("way").GetString().ShouldBe("plain");
        Differences(live, Stacks(child)).ShouldBeEmpty();
    }

    [Fact]
    public void A_core_can_be_written_to_a_pipe()
    {
        using PythonChild child = PythonChild.Start(Interpreters.Any, "waits.py");
        JsonElement live = WaitingThreads.Settled(child);
        ProgramResult result = Program.Run("/bin/sh", ["-c", "\"$0\" core \"$1\" -o - | cat > \"$2\"", Repository.Kaa, Pid(child), Core]);
        result.Exit.ShouldBe(0, result.Error);
        Differences(live, Stacks(child)).ShouldBeEmpty();
    }

    [Fact]
    public void The_file_is_the_owners_alone_and_replaces_nothing_unasked()
    {
        using PythonChild child = PythonChild.Start(Interpreters.Any, "parked.py");
        Dump(child);
        Program.Run("stat", ["-c", "%a", Core]).Output.Trim().ShouldBe("600");
        KaaResult again = Harness.Kaa.Run("core", Pid(child), "-o", Core, "--json");
        again.Exit.ShouldBe(1);
        again.Json.GetProperty("error").GetProperty("code").GetString().ShouldBe("file-exists");
        Dump(child, "--force");
        Directory.GetFiles(_cores.Directory).ShouldBe([Core]);
        Harness.Kaa.Run("core", Pid(child), "-o", "/nowhere/core", "--json").Json.GetProperty("error").GetProperty("code").GetString().ShouldBe("no-such-directory");
    }

    [Fact]
    public void A_pause_that_would_be_too_long_is_not_begun()
    {
        using PythonChild child = PythonChild.Start(Interpreters.Any, "parked.py");
        KaaResult result = Harness.Kaa.Run("core", Pid(child), "-o", Core, "--max-pause", "0.01", "--json");
        result.Exit.ShouldBe(1);
        result.Json.GetProperty("error").GetProperty("code").GetString().ShouldBe("pause-too-long");
        Directory.GetFiles(_cores.Directory).ShouldBeEmpty();
    }

    [Fact]
    public void A_Kaa_that_is_killed_leaves_no_file_and_no_second_program_and_the_next_takes_its_copies()
    {
        const int Kills = 40;
        using PythonChild child = PythonChild.Start(Interpreters.Any, "core_parent.py");
        var random = new Random(1);
        for (int i = 0; i < Kills; i++)
        {
            using System.Diagnostics.Process kaa = Program.Start(Repository.Kaa, ["core", Pid(child), "-o", Core]);
            kaa.WaitForExit(random.Next(60));
            kaa.Kill();
            kaa.WaitForExit();
            File.Delete(Core);
        }

        Directory.GetFiles(_cores.Directory).ShouldBeEmpty();
        Dump(child);
        for (int i = 0; i < Kills && Children(child) > 1; i++)
            Dump(child, "--force");
        Children(child).ShouldBe(1);
        child.WriteLine("report");
        child.ReadUntil("report").ShouldBe("0 0 0");
        child.WriteLine("end");
        child.ReadUntil("end").ShouldBe("0 True");
    }

    private static List<string> Differences(JsonElement live, JsonElement dead) =>
        AnswerComparison.OfLiveAndOwnCore(JsonNode.Parse(live.GetRawText())!.AsObject(), JsonNode.Parse(dead.GetRawText())!.AsObject());

    private JsonElement Dump(PythonChild child, params string[] arguments)
    {
        KaaResult result = Harness.Kaa.Run(["core", Pid(child), "-o", Core, "--json", .. arguments]);
        result.Exit.ShouldBe(0, result.Output + result.Error);
        return result.Json;
    }

    private JsonElement Stacks(PythonChild child, params string[] arguments)
    {
        string[] root = child.Interpreter.Root is { } directory ? ["--sysroot", directory] : [];
        KaaResult result = Harness.Kaa.Run(["bt", Core, "--json", .. root, .. arguments]);
        result.Exit.ShouldBe(0, result.Output + result.Error);
        return result.Json;
    }

    /// <summary>Null where the core has nothing of it.</summary>
    private string? TextAt(ulong address, int length)
    {
        using FileStream file = File.OpenRead(Core);
        byte[] header = Bytes(file, 0, 64);
        long place = BitConverter.ToInt64(header, 32);
        int count = BitConverter.ToUInt16(header, 56);
        for (int i = 0; i < count; i++)
        {
            byte[] entry = Bytes(file, place + i * 56, 56);
            ulong start = BitConverter.ToUInt64(entry, 16);
            ulong size = BitConverter.ToUInt64(entry, 32);
            if (BitConverter.ToInt32(entry, 0) == 1 && address >= start && address < start + size)
                return Encoding.ASCII.GetString(Bytes(file, BitConverter.ToInt64(entry, 8) + (long)(address - start), length));
        }

        return null;
    }

    private static byte[] Bytes(FileStream file, long offset, int length)
    {
        byte[] bytes = new byte[length];
        file.Position = offset;
        file.ReadExactly(bytes);
        return bytes;
    }

    private static string[] Notes(JsonElement report) => [.. report.GetProperty("notes").EnumerateArray().Select(note => note.GetProperty("code").GetString()!)];

    /// <summary>Zombies included.</summary>
    private static int Children(PythonChild child) =>
        Directory.GetDirectories($"/proc/{child.Pid}/task").Sum(task => File.ReadAllText(task + "/children").Split(' ', StringSplitOptions.RemoveEmptyEntries).Length);

    private static string Pid(PythonChild child) => child.Pid.ToString(CultureInfo.InvariantCulture);
}
