using Kaa.Formats;
using Kaa.Formats.ProcText;
using Kaa.Linux;
using Kaa.Results;
using Kaa.Target;

namespace Kaa.Tests.Unit.Linux.Live;

/// <summary>Looks at real children, with the real kernel.</summary>
public sealed class LookTests
{
    private const int Stop = 19; // SIGSTOP
    private const int Continue = 18; // SIGCONT
    private const int KillSignal = 9;
    private const int RealTime = 34; // SIGRTMIN of glibc

    [Fact]
    public void Sleeping_threads_are_read_where_they_sleep_and_do_not_even_switch_context()
    {
        using TestProgram program = TestProgram.Start("conduct", "park", "20");
        program.WaitUntilAsleep(program.Pid);
        using LiveTarget target = LiveTarget.Open(program.Pid);
        Dictionary<int, string> before = Switches(program);

        LookResult result = target.Observe(new StackObserver(), new LookOptions());

        result.PauseMicroseconds.ShouldBe(0);
        result.Moving.ShouldBeEmpty();
        result.Passes.ShouldBe(1);
        result.Threads.Count.ShouldBe(20);
        result.Threads.ShouldAllBe(thread => !thread.StoppedByKaa && thread.State == ThreadState.Sleeping && thread.StackPointer != null);
        result.Threads.Count(thread => thread.Call!.Number == 34).ShouldBe(19); // pause
        result.Threads.Single(thread => thread.Call!.Number == 0).Tid.ShouldBe(program.Pid); // read
        Switches(program).ShouldBe(before);
    }

    [Fact]
    public void A_spinning_thread_is_stopped_reads_still_and_runs_on()
    {
        using TestProgram program = TestProgram.Start("conduct", "spin");
        program.WaitUntilAsleep(program.Pid);
        (Address counter, int tid) = (new Address(program.Numbers[0]), (int)program.Numbers[1]);
        using LiveTarget target = LiveTarget.Open(program.Pid);
        ulong first = 0;
        ulong second = 1;
        TargetThread? seen = null;
        LookResult result;
        do
        {
            result = target.Observe(
                new CallbackObserver(look =>
                {
                    first = target.Glance().Read<ulong>(counter);
                    second = target.Glance().Read<ulong>(counter);
                    seen = look.Threads.Single(thread => thread.Tid == tid);
                }),
                new LookOptions());
            second.ShouldBe(first);
            seen!.StoppedByKaa.ShouldBeTrue();
            seen.State.ShouldBe(ThreadState.Running);
        }
        while (seen.InstructionPointer is null); // there was no processor for it to stop on

        target.Modules.Find(seen.InstructionPointer!.Value)!.FileName.ShouldBe("conduct");
        result.PauseMicroseconds!.Value.ShouldBeGreaterThan(0);
        result.Moving.ShouldBeEmpty();
        WaitUntilGreater(target, counter, second);
        program.Status(tid, "TracerPid").ShouldBe("0");
    }

    [Fact]
    public void Without_stopping_a_running_thread_is_reported_as_moving_and_sleepers_are_not()
    {
        using TestProgram program = TestProgram.Start("conduct", "spin");
        program.WaitUntilAsleep(program.Pid);
        using LiveTarget target = LiveTarget.Open(program.Pid);

        LookResult result = target.Observe(new StackObserver(), new LookOptions { NonBlocking = true });

        result.Moving.ShouldBe([(int)program.Numbers[1]]);
        result.PauseMicroseconds.ShouldBe(0);
        result.Threads.ShouldAllBe(thread => !thread.StoppedByKaa);
    }

    [Fact]
    public void Threads_that_do_not_matter_are_not_stopped()
    {
        using TestProgram program = TestProgram.Start("conduct", "spin");
        program.WaitUntilAsleep(program.Pid);
        using LiveTarget target = LiveTarget.Open(program.Pid);
        IReadOnlySet<int>? wanted = null;

        LookResult result = target.Observe(
            new CallbackObserver(look => wanted = look.Wanted), new LookOptions { Only = new HashSet<int> { program.Pid } });

        wanted.ShouldBe([program.Pid]);
        result.PauseMicroseconds.ShouldBe(0);
        result.Moving.ShouldBeEmpty();
        result.Threads.Count.ShouldBe(2);
    }

    [Fact]
    public void A_stopped_process_stays_stopped_and_can_be_read()
    {
        using TestProgram program = TestProgram.Start("conduct", "spin");
        program.WaitUntilAsleep(program.Pid);
        program.Signal(Stop);
        program.WaitUntilStopped();
        using LiveTarget target = LiveTarget.Open(program.Pid);

        LookResult result = target.Observe(new StackObserver(), new LookOptions());

        target.Notes.ShouldContain(note => note.Code == "stopped");
        result.Threads.ShouldAllBe(thread => thread.State == ThreadState.Stopped && !thread.StoppedByKaa);
        result.Moving.ShouldBeEmpty();
        program.Tids().ShouldAllBe(tid => program.Status(tid, "State").StartsWith('T'));
        program.Signal(Continue);
        WaitUntilGreater(target, new Address(program.Numbers[0]), target.Glance().Read<ulong>(new Address(program.Numbers[0])));
    }

    [Fact]
    public void A_signal_that_comes_while_a_thread_is_held_is_not_lost()
    {
        using TestProgram program = TestProgram.Start("conduct", "handle");
        (Address handled, int tid) = (new Address(program.Numbers[0]), (int)program.Numbers[1]);
        using LiveTarget target = LiveTarget.Open(program.Pid);
        int sent = 0;
        for (int i = 0; i < 100; i++)
        {
            target.Observe(
                new CallbackObserver(look =>
                {
                    // On a busy machine it may be met on its way out of the handler, in the kernel.
                    if (!look.Threads.Single(thread => thread.Tid == tid).StoppedByKaa)
                        return;
                    program.Signal(RealTime);
                    sent++;
                }),
                new LookOptions());
        }

        sent.ShouldBeGreaterThan(20);
        WaitUntilGreater(target, handled, (ulong)sent - 1);
        target.Glance().Read<ulong>(handled).ShouldBe((ulong)sent);
    }

    [Fact]
    public void A_stop_signal_that_comes_while_a_thread_is_held_stops_the_process_afterwards()
    {
        using TestProgram program = TestProgram.Start("conduct", "spin");
        program.WaitUntilAsleep(program.Pid);
        using LiveTarget target = LiveTarget.Open(program.Pid);
        target.Observe(new CallbackObserver(_ => program.Signal(Stop)), new LookOptions());
        program.WaitUntilStopped();
        program.Tids().ShouldAllBe(tid => program.Status(tid, "State").StartsWith('T'));
    }

    [Fact]
    public void A_vfork_parent_is_read_as_it_is_and_holds_nobody_up()
    {
        using TestProgram program = TestProgram.Start("conduct", "vfork");
        int parent = program.Tids().Single(tid => tid != program.Pid);
        WaitForState(program, parent, 'D');
        program.WaitUntilAsleep(program.Pid);
        using LiveTarget target = LiveTarget.Open(program.Pid);

        LookResult result = target.Observe(new StackObserver(), new LookOptions());

        TargetThread thread = result.Threads.Single(thread => thread.Tid == parent);
        thread.State.ShouldBe(ThreadState.Uninterruptible);
        thread.Call!.Number.ShouldBe(58); // vfork
        thread.StoppedByKaa.ShouldBeFalse();
        result.Moving.ShouldBeEmpty();
        program.WriteLine("go on");
        program.ReadLine().ShouldBe("back");
    }

    [Fact]
    public void A_leader_that_has_exited_does_not_hide_the_threads_that_live_on()
    {
        using TestProgram program = TestProgram.Start("conduct", "leader");
        program.WaitUntilAsleep(program.Tids().Single(tid => tid != program.Pid));
        using LiveTarget target = LiveTarget.Open(program.Pid);

        LookResult result = target.Observe(new StackObserver(), new LookOptions());

        target.Mappings.ShouldNotBeEmpty();
        result.Threads.Count.ShouldBe(2);
        result.Threads[0].State.ShouldBe(ThreadState.Zombie);
        result.Threads[0].StackPointer.ShouldBeNull();
        result.Threads[1].State.ShouldBe(ThreadState.Sleeping);
        result.Moving.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("threads")]
    [InlineData("forks")]
    public void Churn_neither_breaks_a_look_nor_is_broken_by_it(string way)
    {
        using TestProgram program = TestProgram.Start("conduct", way);
        using LiveTarget target = LiveTarget.Open(program.Pid);
        for (int i = 0; i < 200; i++)
        {
            LookResult result = target.Observe(new StackObserver(), new LookOptions());
            result.Threads.ShouldContain(thread => thread.Tid == program.Pid);
        }

        Address count = new(program.Numbers[0]);
        WaitUntilGreater(target, count, target.Glance().Read<ulong>(count));
        program.End().ShouldBe(0);
    }

    [Fact]
    public async Task A_process_that_runs_other_programs_all_the_time_gives_answers_or_says_so()
    {
        using TestProgram program = TestProgram.Launch("conduct", "exec", "300");
        Task<string> ready = Task.Run(program.ReadLine);
        var codes = new HashSet<string>();
        while (!ready.IsCompleted)
        {
            try
            {
                using LiveTarget target = LiveTarget.Open(program.Pid);
                target.Observe(new StackObserver(), new LookOptions());
            }
            catch (UserError e)
            {
                codes.Add(e.Code);
            }
        }

        codes.ShouldBeSubsetOf(["target-replaced", "process-exited", "zombie"]);
        (await ready).ShouldStartWith("ready");
        program.End().ShouldBe(0);
    }

    [Fact]
    public void A_process_that_is_killed_during_a_look_has_exited()
    {
        using TestProgram program = TestProgram.Start("conduct", "spin");
        program.WaitUntilAsleep(program.Pid);
        using LiveTarget target = LiveTarget.Open(program.Pid);
        UserError error = Should.Throw<UserError>(() => target.Observe(
            new CallbackObserver(_ =>
            {
                program.Signal(KillSignal);

                // Until its memory is gone; the fault ends the look.
                while (true)
                {
                    target.Glance().Read<ulong>(new Address(program.Numbers[0]));
                    System.Threading.Thread.Sleep(1);
                }
            }),
            new LookOptions()));
        error.Code.ShouldBe("process-exited");
        if (program.TryReap() is int status)
            (status & 0x7f).ShouldBe(KillSignal);
    }

    [Fact]
    public void A_thread_that_the_observer_missed_is_wanted_again()
    {
        using TestProgram program = TestProgram.Start("conduct", "park", "3");
        using LiveTarget target = LiveTarget.Open(program.Pid);
        var wanted = new List<IReadOnlySet<int>?>();
        LookResult result = target.Observe(
            new CallbackObserver(look =>
            {
                wanted.Add(look.Wanted);
                if (look.Pass == 0)
                    look.Again(program.Pid);
            }),
            new LookOptions());
        wanted.Count.ShouldBe(2);
        wanted[0].ShouldBeNull();
        wanted[1].ShouldBe([program.Pid]);
        result.Moving.ShouldBeEmpty();
        result.Threads.Count.ShouldBe(3);
    }

    [Fact]
    public void An_observer_that_fails_leaves_nobody_stopped()
    {
        using TestProgram program = TestProgram.Start("conduct", "spin");
        program.WaitUntilAsleep(program.Pid);
        using LiveTarget target = LiveTarget.Open(program.Pid);
        Should.Throw<BadData>(() => target.Observe(
            new CallbackObserver(_ => throw new BadData("test", 0, "this one fails")), new LookOptions()));
        Address counter = new(program.Numbers[0]);
        WaitUntilGreater(target, counter, target.Glance().Read<ulong>(counter));
        program.Status((int)program.Numbers[1], "TracerPid").ShouldBe("0");
    }

    [Fact]
    public void Threads_of_another_tracer_are_read_without_being_stopped()
    {
        using TestProgram program = TestProgram.Start("conduct", "spin");
        program.WaitUntilAsleep(program.Pid);
        using TestProgram tracer = TestProgram.Start("conduct", "trace", program.Pid.ToString(System.Globalization.CultureInfo.InvariantCulture));
        using LiveTarget target = LiveTarget.Open(program.Pid);
        int spinner = (int)program.Numbers[1];

        LookResult result = target.Observe(new StackObserver(), new LookOptions());

        target.Notes.ShouldContain(note => note.Code == "already-traced" && note.Message.Contains("conduct", StringComparison.Ordinal));
        result.Moving.ShouldBe([spinner]);
        result.Threads.Single(thread => thread.Tid == spinner).TracerPid.ShouldBe(tracer.Pid);
        result.Threads.ShouldAllBe(thread => !thread.StoppedByKaa);
    }

    [Fact]
    public void When_the_time_is_up_reads_fail_and_the_look_ends()
    {
        using TestProgram program = TestProgram.Start("conduct", "spin");
        program.WaitUntilAsleep(program.Pid);
        using LiveTarget target = LiveTarget.Open(program.Pid);
        FaultReason? reason = null;

        target.Observe(
            new CallbackObserver(look =>
            {
                Mapping mapping = target.Mappings.First(m => m.Can(MappingAccess.Read) && m.IsFile);
                byte[] large = new byte[200_000]; // beyond what is cached
                try
                {
                    while (true)
                        _ = look.Memory.Read(mapping.Start, large);
                }
                catch (TargetFault fault)
                {
                    reason = fault.Reason;
                }
            }),
            new LookOptions { MaxPause = TimeSpan.FromMilliseconds(5) });

        reason.ShouldBe(FaultReason.Budget);
    }

    private static Dictionary<int, string> Switches(TestProgram program) => program.Tids().ToDictionary(
        tid => tid, tid => program.Status(tid, "voluntary_ctxt_switches") + " " + program.Status(tid, "nonvoluntary_ctxt_switches"));

    private static void WaitForState(TestProgram program, int tid, char state)
    {
        while (!program.Status(tid, "State").StartsWith(state))
            System.Threading.Thread.Yield();
    }

    /// <summary>The target counts on: it runs.</summary>
    private static void WaitUntilGreater(LiveTarget target, Address counter, ulong value)
    {
        while (target.Glance().Read<ulong>(counter) <= value)
            System.Threading.Thread.Yield();
    }
}
