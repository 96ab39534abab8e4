using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Kaa.Tests.Live.Harness;

namespace Kaa.Tests.Live;

/// <summary>Looking again and again, and being interrupted while at it.</summary>
public sealed class RoundTests
{
    [Fact]
    public void Each_round_is_a_line_of_JSON_that_says_what_moved()
    {
        using PythonChild child = PythonChild.Start(Interpreters.Any, "parked.py");
        KaaResult result = Harness.Kaa.Run("bt", Pid(child), "--json", "--every", "0.05", "--count", "3");
        result.Exit.ShouldBe(0, result.Error);
        JsonElement[] rounds = [.. result.Output.TrimEnd('\n').Split('\n').Select(line => JsonDocument.Parse(line).RootElement)];
        rounds.Select(round => round.GetProperty("round").GetInt32()).ShouldBe([1, 2, 3]);
        rounds[0].GetProperty("threads")[0].TryGetProperty("moved", out _).ShouldBeFalse();
        rounds[2].GetProperty("threads")[0].GetProperty("moved").GetBoolean().ShouldBeFalse();
    }

    [Fact]
    public void What_has_not_moved_is_not_printed_again()
    {
        using PythonChild child = PythonChild.Start(Interpreters.Any, "parked.py");
        KaaResult result = Harness.Kaa.Run("bt", Pid(child), "--every", "0.05", "--count", "2");
        result.Output.ShouldContain("--- round 2, after ");
        result.Output.ShouldContain("as before)");
        result.Output.Split("wait_for_line  ").Length.ShouldBe(2);
    }

    [Fact]
    public void Ctrl_C_ends_it_with_130_and_the_target_goes_on()
    {
        using PythonChild child = PythonChild.Start(Interpreters.Any, "parked.py");

        // Whoever started the tests in the background ignores SIGINT, which is inherited.
        using Process kaa = Program.Start("/usr/bin/env", ["--default-signal=INT", Repository.Kaa, "bt", Pid(child), "--json", "--every", "0.01"]);
        kaa.StandardOutput.ReadLine().ShouldNotBeNull();
        Program.Run("kill", ["-INT", kaa.Id.ToString(CultureInfo.InvariantCulture)]).Exit.ShouldBe(0);
        kaa.StandardOutput.ReadToEnd();
        kaa.WaitForExit();
        kaa.ExitCode.ShouldBe(130);
        child.WriteLine("alive");
        child.ReadUntil("echo").ShouldBe("alive");
    }

    [Fact]
    public async Task A_target_that_exits_ends_the_rounds_with_an_error()
    {
        using PythonChild child = PythonChild.Start(Interpreters.Any, "parked.py");
        using Process kaa = Program.Start(Repository.Kaa, ["bt", Pid(child), "--every", "0.01"]);
        kaa.StandardOutput.ReadLine().ShouldNotBeNull();
        child.Dispose();
        Task<string> error = kaa.StandardError.ReadToEndAsync();
        await kaa.StandardOutput.ReadToEndAsync();
        await kaa.WaitForExitAsync();
        kaa.ExitCode.ShouldBe(1);
        (await error).ShouldContain("process");
    }

    [Fact]
    public void A_reader_that_goes_away_ends_a_long_answer_quietly()
    {
        using PythonChild child = PythonChild.Start(Interpreters.Any, "stacks.py");
        ProgramResult result = Program.Run("/bin/bash", ["-c", "\"$0\" bt \"$1\" --json --every 0.01 | head -c 100 >/dev/null; echo ${PIPESTATUS[0]}", Repository.Kaa, Pid(child)]);
        result.Output.Trim().ShouldBe("141");
        result.Error.ShouldBeEmpty();
    }

    private static string Pid(PythonChild child) => child.Pid.ToString(CultureInfo.InvariantCulture);
}
