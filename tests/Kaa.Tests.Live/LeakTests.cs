using System.Globalization;
using Kaa.Tests.Live.Harness;

namespace Kaa.Tests.Live;

/// <summary>A leak that was planted in a web application of Debian's packages, under load, in a root of its own: the report begins with its line.</summary>
public sealed class LeakTests
{
    private const string Fixture = "leaking_server.py";

    /// <summary>The interpreters that Flask is there for: sid's, which lie in another root.</summary>
    public static TheoryData<string> WithFlask { get; } = Find();

    [Theory]
    [MemberData(nameof(WithFlask))]
    public void The_leaking_line_of_a_web_application_is_the_first_line_of_its_report(string interpreter)
    {
        Interpreter its = Interpreters.Named(interpreter);
        its.Root.ShouldNotBeNull();
        using PythonChild child = PythonChild.Start(its, Fixture);
        using var recording = Recording.Of(child);
        child.WriteLine("go");
        child.ReadUntil("done");
        recording.End().ShouldBe(0);
        int line = Repository.LineOf("leak", Fixture);
        string where = string.Create(CultureInfo.InvariantCulture, $"{Fixture}:{line}");
        foreach (string view in new[] { "peak", "leaks" })
        {
            KaaResult report = Harness.Kaa.Run("mem", "report", recording.Path, "--view", view);
            report.Exit.ShouldBe(0, report.Error);
            string first = report.Output.Split('\n')[0];
            first.ShouldContain("% of the memory");
            first.ShouldContain(where, Case.Sensitive, report.Output);
        }

        // It serves on.
        child.WriteLine("end");
        child.WaitForExit().ShouldBe(0);
    }

    private static TheoryData<string> Find()
    {
        var data = new TheoryData<string>();
        foreach (Interpreter interpreter in Interpreters.Known.Where(interpreter => interpreter.Root is not null))
        {
            if (Program.Run(interpreter.Launch[0], [.. interpreter.Launch[1..], "-c", "import flask"]).Exit == 0)
                data.Add(interpreter.Name);
        }

        return data;
    }
}
