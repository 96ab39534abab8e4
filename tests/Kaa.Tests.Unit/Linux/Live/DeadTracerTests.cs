using System.Globalization;
using Kaa.Linux.Looking;
using Kaa.Linux.Proc;

namespace Kaa.Tests.Unit.Linux.Live;

/// <summary>What becomes of threads whose tracer ends without having let them go, as it does when Kaa is killed.</summary>
public sealed class DeadTracerTests
{
    [Fact]
    public void Signals_that_threads_have_stopped_for_arrive()
    {
        const int Enough = 3, MostRounds = 20_000;
        using TestProgram program = TestProgram.Start("waits", "1000");
        int stoppedForSignal = 0;
        for (int round = 0; round < MostRounds && stoppedForSignal < Enough; round++)
        {
            using TaskDirectory tasks = TaskDirectory.Open(ProcRoot.System, program.Pid)!;
            var tracer = new Tracer(tasks);
            TracerThread.Run(() => tracer.Stop([.. program.Tids()], _ => true, _ => long.MaxValue), tracer.BuryTheDead);
            stoppedForSignal += tracer.Tracees.Count(tracee => tracee.Status.Kind == StopKind.Signal);
        }

        stoppedForSignal.ShouldBeGreaterThan(0);
        System.Threading.SpinWait.SpinUntil(() => Signals(program) is var (sent, handled) && sent == handled, TimeSpan.FromSeconds(10)).ShouldBeTrue();
    }

    private static (long Sent, long Handled) Signals(TestProgram program)
    {
        program.WriteLine("report");
        (long, long) found = default;
        for (string line = program.ReadLine(); line != "end"; line = program.ReadLine())
        {
            string[] words = line.Split(' ');
            if (words[0] == "signals")
                found = (long.Parse(words[2], CultureInfo.InvariantCulture), long.Parse(words[4], CultureInfo.InvariantCulture));
        }

        return found;
    }
}
