using System.Globalization;
using System.Text.Json;
using Kaa.Tests.Live.Harness;

namespace Kaa.Tests.Live.Doctor;

/// <summary>What an earlier Kaa left in a process is told by <c>kaa doctor</c> and <c>kaa ps</c>; in one that no Kaa changed there is nothing.</summary>
public sealed class LeftoverTests
{
    [Theory]
    [MemberData(nameof(Interpreters.All), MemberType = typeof(Interpreters))]
    public void The_piece_that_a_dump_leaves_behind_the_code_of_the_library_is_told(string interpreter)
    {
        using PythonChild child = PythonChild.Start(Interpreters.Named(interpreter), "idle.py");
        Codes(Diagnosis.Of(child)).ShouldBeEmpty();
        Listed(child).ShouldBeEmpty();
        using var cores = new Cores();
        string core = Path.Combine(cores.Directory, "core");
        Harness.Kaa.Run("core", child.Pid.ToString(CultureInfo.InvariantCulture), "-o", core).Exit.ShouldBe(0);
        Diagnosis found = Diagnosis.Of(child);
        Codes(found).ShouldBe(["leftover-calls"]);
        found.Severity("leftover-calls").ShouldBe("info");
        Listed(child).ShouldBe(["leftover-calls"]);
    }

    [Fact]
    public void A_copy_that_a_killed_dump_left_is_told()
    {
        using PythonChild child = PythonChild.Start(Interpreters.Any, "left_copy.py");
        Diagnosis found = Diagnosis.Of(child);
        found.Severity("leftover-copy").ShouldBe("warning");
        found.Evidence("leftover-copy").ShouldContain(child.Ready);
        Listed(child).ShouldBe(["leftover-copy"]);
    }

    [Fact]
    public void An_agent_is_told_with_its_state()
    {
        using PythonChild child = PythonChild.Start(Interpreters.Any, "left_agent.py");
        Diagnosis.Of(child).Severity("leftover-agent").ShouldBe("info");
        child.WriteLine("");
        child.ReadUntil("on");
        Diagnosis found = Diagnosis.Of(child);
        found.Severity("leftover-agent").ShouldBe("warning");
        found.Evidence("leftover-agent").ShouldContain("protocol 1, 3 hooks, on");
        found.Remedy("leftover-agent").ShouldBe($"kaa detach {child.Pid}");
        Listed(child).ShouldBe(["leftover-agent"]);
    }

    private static string[] Codes(Diagnosis found) => [.. found.Codes.Where(code => code.StartsWith("leftover-", StringComparison.Ordinal))];

    private static string?[] Listed(PythonChild child) =>
    [
        .. Harness.Kaa.Run("ps", "--json").Json.GetProperty("processes").EnumerateArray()
            .Single(process => process.GetProperty("pid").GetInt32() == child.Pid).GetProperty("leftovers").EnumerateArray()
            .Select(leftover => leftover.GetProperty("code").GetString()),
    ];
}
