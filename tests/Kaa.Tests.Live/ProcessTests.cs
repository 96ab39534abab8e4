using System.Globalization;
using System.Text.Json;
using Kaa.Tests.Live.Harness;

namespace Kaa.Tests.Live;

/// <summary><c>kaa ps</c>, and choosing processes.</summary>
public sealed class ProcessTests
{
    [Theory]
    [MemberData(nameof(Interpreters.All), MemberType = typeof(Interpreters))]
    public void Every_interpreter_is_listed_with_its_version(string interpreter)
    {
        using PythonChild child = PythonChild.Start(Interpreters.Named(interpreter), "parked.py");
        KaaResult result = Harness.Kaa.Run("ps", "--json");
        result.Exit.ShouldBe(0, result.Output + result.Error);
        JsonElement process = result.Json.GetProperty("processes").EnumerateArray()
            .Single(one => one.GetProperty("pid").GetInt32() == child.Pid);
        process.GetProperty("version").GetString().ShouldBe(child.Interpreter.Version);
        process.GetProperty("implementation").GetString().ShouldBe("cpython");
        process.GetProperty("command").EnumerateArray().Select(word => word.GetString()).ShouldContain(child.Script);
        process.GetProperty("threads").GetInt32().ShouldBeGreaterThanOrEqualTo(1);
        process.GetProperty("hindrances").GetArrayLength().ShouldBe(0);
    }

    [Fact]
    public void The_table_has_a_row_for_it()
    {
        using PythonChild child = PythonChild.Start(Interpreters.Any, "parked.py");
        string[] lines = Harness.Kaa.Run("ps").Output.Split('\n');
        lines[0].TrimStart().ShouldStartWith("PID ");
        lines.ShouldContain(line => line.TrimStart().StartsWith(child.Pid.ToString(CultureInfo.InvariantCulture) + " ", StringComparison.Ordinal) && line.Contains(child.Script, StringComparison.Ordinal));
    }

    [Fact]
    public void Subprocesses_are_the_Python_descendants()
    {
        using PythonChild child = PythonChild.Start(Interpreters.Any, "family.py");
        int[] pids = [.. child.ReadyJson().RootElement.EnumerateArray().Select(pid => pid.GetInt32())];
        KaaResult result = Harness.Kaa.Run("bt", child.Pid.ToString(CultureInfo.InvariantCulture), "--subprocesses", "--json");
        result.Exit.ShouldBe(0, result.Output + result.Error);
        int[] found = [.. result.Json.EnumerateArray().Select(answer => answer.GetProperty("target").GetProperty("pid").GetInt32())];
        found[0].ShouldBe(child.Pid);
        found.ShouldBe([child.Pid, pids[0], pids[1], pids[2]], ignoreOrder: true);
    }
}
