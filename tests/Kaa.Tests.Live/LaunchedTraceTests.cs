using System.Text.Json;
using Kaa.Tests.Live.Debugging;
using Kaa.Tests.Live.Harness;

namespace Kaa.Tests.Live;

/// <summary><c>kaa trace -- CMD</c>: both ways of tracing, from the program's first instruction on, with its children where that is asked for.</summary>
public sealed class LaunchedTraceTests
{
    private const string Fixture = "making_family.py";

    [Theory]
    [MemberData(nameof(Interpreters.Plain), MemberType = typeof(Interpreters))]
    public void Calls_of_a_program_and_its_children_are_told_with_their_lines(string interpreter)
    {
        Dictionary<string, string?> made = Trace(interpreter, "--call", "mkdir", "--follow");
        made.Keys.Where(key => key != "of_shell").Order().ShouldBe(["of_fork", "of_parent", "of_program"]);
        made.ContainsKey("of_shell").ShouldBe(File.Exists(Interpreters.Named(interpreter).Root + "/bin/sh"));
        made.GetValueOrDefault("of_shell").ShouldBeNull();
        made["of_parent"].ShouldBe("in_parent");
        made["of_fork"].ShouldBe("in_fork");
        made["of_program"].ShouldBe("in_program");
    }

    [Theory]
    [MemberData(nameof(Interpreters.Plain), MemberType = typeof(Interpreters))]
    public void Without_that_the_program_alone_is_traced(string interpreter) =>
        Trace(interpreter, "--call", "mkdir").Keys.ShouldBe(["of_parent"]);

    [Theory]
    [MemberData(nameof(Interpreters.Two), MemberType = typeof(Interpreters))]
    public void The_same_by_system_calls(string interpreter)
    {
        Dictionary<string, string?> made = Trace(interpreter, "--syscall", "mkdir,mkdirat", "--follow");
        made.Keys.Where(key => key != "of_shell").Order().ShouldBe(["of_fork", "of_parent", "of_program"]);
        made["of_program"].ShouldBe("in_program");
    }

    /// <summary>The directories that were made below the fixture's own one, by name, with the Python function that each was made by.</summary>
    private static Dictionary<string, string?> Trace(string interpreter, params string[] options)
    {
        using var program = new RunningFixture(Interpreters.Named(interpreter), Fixture);
        KaaResult result = Harness.Kaa.Run(["trace", "--json", .. options, "--", .. program.Command]);
        result.Exit.ShouldBe(7, result.Output + result.Error);
        var made = new Dictionary<string, string?>(StringComparer.Ordinal);
        foreach (string line in result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            using JsonDocument one = JsonDocument.Parse(line);
            JsonElement hit = one.RootElement;
            if (hit.GetProperty("event").GetString() == "end")
            {
                hit.GetProperty("notes").EnumerateArray().Where(note => note.TryGetProperty("incomplete", out JsonElement isSo) && isSo.GetBoolean()).ShouldBeEmpty(line);
                continue;
            }

            string path = hit.GetProperty("args").EnumerateArray().Select(argument => argument.GetProperty("value").GetString()!.Trim('\'')).First(text => text.StartsWith('/'));
            if (Path.GetFileName(path).StartsWith("of_", StringComparison.Ordinal))
                made[Path.GetFileName(path)] = hit.GetProperty("stack").EnumerateArray().Select(frame => frame.GetProperty("function").GetString()).FirstOrDefault();
        }

        return made;
    }
}
