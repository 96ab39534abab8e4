using System.Globalization;
using Kaa.Tests.Live.Debugging;
using Kaa.Tests.Live.Harness;

namespace Kaa.Tests.Live.Stories;

/// <summary>A process takes 100 % of a processor and opens / over and over: which line does it, and with which argument?</summary>
public sealed class SpinningProcessTests
{
    private const string Fixture = "climbs.py";

    private readonly MarkedLines _lines = new(Repository.Fixture(Fixture));

    [Theory]
    [MemberData(nameof(Interpreters.Plain), MemberType = typeof(Interpreters))]
    public void Traced_system_calls_are_counted_by_the_line_that_makes_them(string name)
    {
        using PythonChild child = PythonChild.Start(Interpreters.Named(name), Fixture);
        ShouldExplain(child, "--syscall", "open,openat");
    }

    [Theory]
    [MemberData(nameof(Interpreters.Plain), MemberType = typeof(Interpreters))]
    public void Traced_functions_are_counted_by_the_line_that_calls_them(string name)
    {
        using PythonChild child = PythonChild.Start(Interpreters.Named(name), Fixture);
        ShouldExplain(child, "--call", "open");
    }

    [Theory]
    [MemberData(nameof(Interpreters.Plain), MemberType = typeof(Interpreters))]
    public void A_breakpoint_shows_the_stack_and_the_argument(string name)
    {
        using PythonChild child = PythonChild.Start(Interpreters.Named(name), Fixture);
        Dictionary<string, string> answers = Session.Ask(
            child, "break open if $_streq((char*) $rdi, \"/\")", "continue", "x/s $rdi", "py-bt", "py-locals", "py-up", "py-print prefix", "delete", "detach");
        answers["continue"].ShouldContain("Breakpoint 1, ");
        string[] stack = [.. answers["py-bt"].Split('\n').Where(line => line.StartsWith("  File \"", StringComparison.Ordinal))];
        stack[0].ShouldBe($"  File \"{child.Script}\", line {_lines.Text("opens here")}, in has_marker");
        stack[1].ShouldBe($"  File \"{child.Script}\", line {_lines.Text("climbs here")}, in find_root");
        answers["py-bt"].ShouldContain("    descriptor = os.open(prefix, os.O_RDONLY)  # opens here");
        answers["py-locals"].Split('\n').ShouldContain("prefix = '/'");
        answers["py-up"].ShouldContain("in find_root (prefix='/')");
        answers["py-print prefix"].ShouldBe("local 'prefix' = '/'");
        answers["x/s $rdi"].ShouldEndWith("\"/\"");
    }

    private void ShouldExplain(PythonChild child, params string[] what)
    {
        string pid = child.Pid.ToString(CultureInfo.InvariantCulture);
        KaaResult result = Harness.Kaa.Run(["trace", pid, .. what, "--top", "--count", "200"]);
        result.Exit.ShouldBe(0, result.Error);
        result.Output.ShouldContain($" from has_marker  {child.Script}:{_lines.Text("opens here")}");
        result.Output.ShouldContain("200  100.0%");
        result.Output.ShouldContain("'/'");

        // The line that does it is known now; who called it, and with what, a look tells.
        string stacks = Harness.Kaa.Run("bt", pid, "--locals").Output;
        stacks.ShouldContain("prefix = '/'");
        stacks.ShouldContain($"find_root  {child.Script}:");
    }
}
