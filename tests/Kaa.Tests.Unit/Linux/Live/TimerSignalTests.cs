using Kaa.Linux.Controlling;
using Kaa.Linux.Looking;
using Kaa.Linux.Proc;

namespace Kaa.Tests.Unit.Linux.Live;

/// <summary>The signal of an interval timer is the leader's, also where that is held while it comes.</summary>
public sealed class TimerSignalTests
{
    private const int Alarm = 14; // SIGALRM
    private const int Me = 4711;

    [Fact]
    public void A_signal_that_is_handed_to_the_leader_is_told_once_and_delivered_once()
    {
        using TestProgram program = TestProgram.Start("conduct", "timer");
        TracerThread.Run(
            () =>
            {
                using TaskDirectory tasks = TaskDirectory.Open(ProcRoot.System, program.Pid)!;
                var control = new ControlledProcess(tasks, program.Pid, nested: false);
                control.Seize().ShouldBeTrue();
                ControlledThread leader = control.Find(program.Pid)!;
                control.Stop(leader).ShouldBeTrue();
                program.WriteLine("arm");
                ControlledThread woken = Next(control);
                woken.Tid.ShouldBe((int)program.Numbers[0]);
                woken.Status.ShouldBe(new WaitStatus(StopKind.Signal, Alarm));
                control.TryHandOver(woken).ShouldBeTrue();
                control.Next().ShouldBeNull();
                control.Continue(woken);
                control.Continue(leader);
                ControlledThread told = Next(control);
                told.ShouldBe(leader);
                told.Status.Signal.ShouldBe(Alarm);
                told.Signal = Alarm;
                control.Continue(told);
                program.ReadLine().ShouldBe("ticks 1 others 0 interrupted 0");
                control.StopAll();
                control.DetachAll();
            },
            () => { });
        program.End().ShouldBe(0);
    }

    [Theory]
    [InlineData(0x80, 0, true)] // SI_KERNEL: setitimer, alarm
    [InlineData(-6, Me, true)] // SI_TKILL, by Kaa
    [InlineData(-6, 0, true)] // by Kaa, out of a pid namespace that can't see it
    [InlineData(-6, 12, false)] // the program's own
    [InlineData(0, Me, false)] // SI_USER: kill
    [InlineData(-1, 12, false)] // SI_QUEUE: its value would be lost
    [InlineData(-2, 0, false)] // SI_TIMER: timer_create, for one thread maybe, and with a value
    public void Only_what_tells_nothing_but_its_number_can_be_sent_on(int code, int sender, bool isOfTimer)
    {
        int[] information = new int[32];
        (information[0], information[2], information[4]) = (Alarm, code, sender);
        PTrace.IsOfTimer(information, Me).ShouldBe(isOfTimer);
    }

    private static ControlledThread Next(ControlledProcess control)
    {
        while (true)
        {
            if (control.Next() is { } thread)
                return thread;
            System.Threading.Thread.Yield();
        }
    }
}
