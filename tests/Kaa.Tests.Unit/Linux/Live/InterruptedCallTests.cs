using System.Globalization;
using Kaa.Linux;
using Kaa.Target;

namespace Kaa.Tests.Unit.Linux.Live;

/// <summary>Twenty threads wait a millisecond at a time, each in another call that an interruption can cut short, and count what went wrong.</summary>
public sealed class InterruptedCallTests
{
    private const int EnoughRepairs = 5;
    private const int EnoughStops = 201;

    // On a busy machine the threads are seldom between two states when they are interrupted: one repair in 20,000 looks was seen at load 20, five in some hundred on a quiet one.
    private const int MostLooks = 60_000;

    [Fact]
    public void No_call_of_the_target_is_cut_short_by_looks()
    {
        using TestProgram program = TestProgram.Start("waits", "1000");
        using LiveTarget target = LiveTarget.Open(program.Pid);
        var observer = new StackObserver();

        // Until it has really happened a few times that a thread had to be set right.
        while (target.Statistics.Looks < 200 || (target.Statistics.Looks < MostLooks && (target.Statistics.Repairs < EnoughRepairs || target.Statistics.Stops < EnoughStops)))
            target.Observe(observer, new LookOptions());

        target.Statistics.Repairs.ShouldBeGreaterThan(0);
        target.Statistics.Stops.ShouldBeGreaterThanOrEqualTo(EnoughStops);
        foreach (string line in Report(program))
        {
            string[] words = line.Split(' ');
            if (words[0] == "signals")
                continue;
            long Number(string key) => long.Parse(words[Array.IndexOf(words, key) + 1], CultureInfo.InvariantCulture);
            Number("calls").ShouldBeGreaterThan(0, line);
            Number("eintr").ShouldBe(0, line);
            Number("early").ShouldBe(0, line);
            Number("wrong").ShouldBe(0, line);
        }

        program.End().ShouldBe(0);
    }

    private static List<string> Report(TestProgram program)
    {
        program.WriteLine("report");
        var lines = new List<string>();
        for (string line = program.ReadLine(); line != "end"; line = program.ReadLine())
            lines.Add(line);
        return lines;
    }
}
