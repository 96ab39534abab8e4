using System.Globalization;
using System.Text.Json;
using Kaa.Tests.Live.Harness;

namespace Kaa.Tests.Live;

/// <summary>The agent in every interpreter, by way of <c>kaa trace</c> and <c>kaa detach</c>: hooks at libc's functions and CPython's, and nothing of it left.</summary>
public sealed class AgentTests
{
    [Theory]
    [MemberData(nameof(Interpreters.Plain), MemberType = typeof(Interpreters))]
    public void Events_have_the_exact_lines_of_the_code_that_calls(string interpreter)
    {
        using PythonChild child = PythonChild.Start(Interpreters.Named(interpreter), "hooked.py");
        JsonElement[] events = Trace(child, "mkdir", "--return");
        JsonElement call = events.First(made => made.GetProperty("event").GetString() is "call" or "return");
        JsonElement[] stack = [.. call.GetProperty("stack").EnumerateArray().Where(frame => frame.GetProperty("kind").GetString() == "python")];
        stack.Select(frame => frame.GetProperty("function").GetString()).ShouldBe(["make", "work", "<module>"]);

        // The fixture says on which lines it calls.
        stack.Select(frame => frame.GetProperty("line").GetInt32().ToString(CultureInfo.InvariantCulture)).ShouldBe(child.Ready.Split(' ')[..3]);
        call.GetProperty("args")[0].GetProperty("value").GetString()!.ShouldContain("/nowhere/kaa-hooked");
    }

    [Theory]
    [MemberData(nameof(Interpreters.Plain), MemberType = typeof(Interpreters))]
    public void Results_are_the_same_and_all_code_is_the_programs_own_afterwards(string interpreter)
    {
        using PythonChild child = PythonChild.Start(Interpreters.Named(interpreter), "hooked.py");
        Dictionary<string, string> before = Code(child);
        Trace(child, "mkdir");
        Trace(child, "PyObject_*", "--when", "arg0 == 1");
        Code(child).ShouldBe(before);
        child.WriteLine("check");
        child.ReadUntil("check").ShouldBe("right");
    }

    [Fact]
    public void What_an_earlier_trace_has_lost_is_none_of_the_next_ones()
    {
        using PythonChild child = PythonChild.Start(Interpreters.Any, "hooked.py");
        const string SlowReader = "\"$0\" trace \"$1\" --call 'PyObject_*' --duration 1 --json | { sleep 2; tail -n 1; }";
        using JsonDocument first = JsonDocument.Parse(Program.Run("/bin/sh", ["-c", SlowReader, Repository.Kaa, Pid(child)]).Output);
        first.RootElement.GetProperty("lost").GetInt64().ShouldBeGreaterThan(0);
        KaaResult next = Harness.Kaa.Run("trace", Pid(child), "--call", "fork", "--duration", "0.1", "--json");
        next.Exit.ShouldBe(0, next.Output);
        next.Output.ShouldContain("\"hits\":0,\"lost\":0,");
    }

    [Theory]
    [MemberData(nameof(Interpreters.OfEachKind), MemberType = typeof(Interpreters))]
    public void What_a_killed_Kaa_left_is_taken_back(string interpreter)
    {
        const int Writes = 24;
        using PythonChild child = PythonChild.Start(Interpreters.Named(interpreter), "hooked.py");
        Harness.Kaa.Run("detach", Pid(child)).Exit.ShouldBe(0);
        Dictionary<string, string> before = Code(child);
        for (int write = 1; write <= Writes; write += 3)
        {
            string[] command = ["-c", "KAA_TEST_DIE_AFTER_WRITE=$0 exec \"$1\" trace \"$2\" --call mkdir --duration 0.1 --json", write.ToString(CultureInfo.InvariantCulture), Repository.Kaa, Pid(child)];
            Program.Run("/bin/sh", command);
            child.WriteLine("check");
            child.ReadUntil("check").ShouldBe("right", $"after write {write}");
        }

        KaaResult detached = Harness.Kaa.Run("detach", Pid(child), "--json");
        detached.Exit.ShouldBe(0, detached.Error);
        detached.Json.GetProperty("agents").GetInt32().ShouldBeGreaterThan(0);
        Code(child).ShouldBe(before);
        child.WriteLine("check");
        child.ReadUntil("check").ShouldBe("right");
    }

    /// <summary>Events, an object a line; ends after some.</summary>
    private static JsonElement[] Trace(PythonChild child, string call, params string[] more)
    {
        KaaResult result = Harness.Kaa.Run(["trace", Pid(child), "--call", call, "--count", "20", "--duration", "2", "--json", .. more]);
        result.Exit.ShouldBeOneOf(0, 3);
        return [.. result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(Parse).Where(line => line.TryGetProperty("event", out _))];
    }

    private static JsonElement Parse(string line)
    {
        using JsonDocument document = JsonDocument.Parse(line);
        return document.RootElement.Clone();
    }

    /// <summary>A hash of each mapping of a file whose code can be run.</summary>
    private static Dictionary<string, string> Code(PythonChild child)
    {
        var code = new Dictionary<string, string>();
        using FileStream memory = File.OpenRead($"/proc/{Pid(child)}/mem");
        foreach (string line in File.ReadAllLines($"/proc/{Pid(child)}/maps"))
        {
            string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (words.Length < 6 || words[1] != "r-xp" || !words[5].StartsWith('/'))
                continue;
            long[] range = [.. words[0].Split('-').Select(word => long.Parse(word, NumberStyles.HexNumber, CultureInfo.InvariantCulture))];
            byte[] bytes = new byte[range[1] - range[0]];
            memory.Position = range[0];
            memory.ReadExactly(bytes);
            code[words[0]] = Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(bytes));
        }

        return code;
    }

    private static string Pid(PythonChild child) => child.Pid.ToString(CultureInfo.InvariantCulture);
}
