using System.Text.RegularExpressions;
using Kaa.Tests.Live.Harness;

namespace Kaa.Tests.Live.Debugging;

/// <summary>Breakpoints whose commands are done while one thread waits say, letter for letter, what those say that stop the process.</summary>
public sealed partial class PassingTests : IDisposable
{
    private static readonly string[][] s_alone =
    [
        ["silent", "py-bt"],
        ["py-bt", "bt", "info registers rip", "py-list", "up", "frame"],
        ["silent", "py-locals", "py-print number", "py-bt-full", "printf \"%s %d\\n\", (char *) $rdi, $rsi", "print (char *) $rdi", "x/s $rdi", "set $hits = $hits + 1", "output $hits", "echo \\n"],
    ];

    private static readonly string[][] s_together = [["silent", "py-bt"], ["py-bt", "bt 5", "echo here\\n"], ["py-list", "thread"]];

    private readonly string _directory = Directory.CreateTempSubdirectory("kaa-passing-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Theory]
    [MemberData(nameof(Interpreters.Plain), MemberType = typeof(Interpreters))]
    public void Of_a_program_with_one_thread_the_same_is_said_without_a_stop(string name) => Compare(name, [], s_alone, hits: 55);

    [Theory]
    [MemberData(nameof(Interpreters.Plain), MemberType = typeof(Interpreters))]
    public void Of_a_program_with_several_threads_too(string name) => Compare(name, ["threads"], s_together, hits: 153);

    [Theory]
    [MemberData(nameof(Interpreters.Two), MemberType = typeof(Interpreters))]
    public void What_needs_a_stop_in_the_midst_of_the_commands_gets_it(string name)
    {
        string[] words = ["silent", "echo <\\n", "print $rsp = $rsp", "py-bt", "echo >\\n"];
        string passing = Run(name, [], words, "off");
        passing.ShouldBe(Run(name, [], words, "on"));
        Regex.Count(passing, "^<\n.*\n(.*\n)+?>$", RegexOptions.Multiline).ShouldBeGreaterThan(50, passing);
    }

    [Theory]
    [MemberData(nameof(Interpreters.Two), MemberType = typeof(Interpreters))]
    public void A_mistake_in_the_midst_of_the_commands_ends_them_where_it_would_in_a_stop(string name)
    {
        string[] words = ["silent", "py-bt", "py-print nothing_of_that_name"];
        string passing = Run(name, [], words, "off", "info breakpoints", "py-bt");
        passing.ShouldBe(Run(name, [], words, "on", "info breakpoints", "py-bt"));
        passing.ShouldContain("'nothing_of_that_name' not found");
        passing.ShouldNotContain("done");
    }

    private void Compare(string name, string[] arguments, string[][] ways, int hits)
    {
        foreach (string[] words in ways)
        {
            string passing = Run(name, arguments, words, "off");
            passing.ShouldContain("done");
            passing.ShouldContain($"breakpoint already hit {hits} times");
            passing.ShouldBe(Run(name, arguments, words, "on"), string.Join(", ", words));
        }
    }

    /// <summary>Output and errors in their order; what another run has otherwise (addresses, ids) is made alike.</summary>
    private string Run(string name, string[] arguments, string[] words, string always, params string[] more)
    {
        string script = Path.Combine(_directory, "script");
        string[] lines =
        [
            "set breakpoint always-stop " + always, "set $hits = 0", "handle SIGUSR1 nostop noprint pass", "break mkdir if $_regex((char*) $rdi, \".*foo.*\")", "commands", .. words, "continue", "end",
            "ignore 1 3", "run",
        ];
        File.WriteAllLines(script, lines);
        using var program = new RunningFixture(Interpreters.Named(name), "stations.py");
        string[] rest = [.. (more.Length > 0 ? more : ["info breakpoints"]).SelectMany(line => new[] { "-ex", line })];
        KaaResult result = Harness.Kaa.Run(["debug", "--batch", "-x", script, .. rest, "--", .. program.Command, .. arguments]);
        return Ids().Replace(Blanks().Replace(result.Output + result.Error, " "), "N").Replace(program.Command[^1], "stations.py", StringComparison.Ordinal);
    }

    [GeneratedRegex(" {2,}(?=Frame)")]
    private static partial Regex Blanks();

    [GeneratedRegex("0x[0-9a-f]+|(?<=[Pp]rocess |LWP )[0-9]+|(?<=stood still for )[0-9.]+ .?s")]
    private static partial Regex Ids();
}
