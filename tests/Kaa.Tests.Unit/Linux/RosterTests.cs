using Kaa.Linux.Looking;
using Kaa.Linux.Proc;
using Kaa.Results;
using Kaa.Target;

namespace Kaa.Tests.Unit.Linux;

/// <summary>The proof that a thread stood still, on texts that a kernel could write.</summary>
public sealed class RosterTests : IDisposable
{
    private const string Running = "running\n";
    private const string NotCounted = "0 0 0\n";

    private readonly FakeProc _proc = new();

    public void Dispose() => _proc.Dispose();

    [Fact]
    public void A_sleeper_whose_run_count_is_the_same_afterwards_stood_still()
    {
        _proc.Process(10);
        Sight(10, roster => roster.StoodStill(roster.Find(10)!).ShouldBeTrue());
    }

    [Fact]
    public void A_sleeper_that_was_given_a_processor_meanwhile_has_moved()
    {
        _proc.Process(10);
        Sight(10, roster =>
        {
            _proc.Thread(10, 10, schedStat: "1000 2000 4\n");
            roster.StoodStill(roster.Find(10)!).ShouldBeFalse();
        });
    }

    [Fact]
    public void A_running_thread_is_never_proved_to_stand_still()
    {
        _proc.Process(10).Thread(10, 10, state: 'R', call: Running);
        Sight(10, roster => roster.StoodStill(roster.Find(10)!).ShouldBeFalse());
    }

    [Fact]
    public void Where_the_kernel_does_not_count_runs_its_context_switches_prove_it()
    {
        _proc.Process(10).Thread(10, 10, schedStat: NotCounted);
        Sight(10, roster =>
        {
            roster.Find(10)!.Count!.Value.FromSchedStat.ShouldBeFalse();
            roster.StoodStill(roster.Find(10)!).ShouldBeTrue();
            _proc.Write(10, "task/10/status", FakeProc.Status(10, voluntary: 6));
            roster.StoodStill(roster.Find(10)!).ShouldBeFalse();
        });
    }

    [Fact]
    public void Context_switches_count_a_thread_that_woke_only_when_it_sleeps_again_so_it_must_be_seen_asleep()
    {
        _proc.Process(10).Thread(10, 10, schedStat: NotCounted);
        Sight(10, roster =>
        {
            _proc.Write(10, "task/10/syscall", Running);
            roster.StoodStill(roster.Find(10)!).ShouldBeFalse();
        });
    }

    [Fact]
    public void A_thread_that_no_longer_exists_has_ended_and_did_not_stand_still()
    {
        _proc.Process(10).Thread(10, 11);
        Sight(10, roster =>
        {
            ThreadSight sight = roster.Find(11)!;
            _proc.Write(10, "task/11/schedstat", "").Write(10, "task/11/stat", "");
            roster.StoodStill(sight).ShouldBeFalse();
            roster.HasEnded(sight).ShouldBeTrue();
        });
    }

    [Fact]
    public void Threads_that_appear_later_are_found_and_the_others_keep_their_sight()
    {
        _proc.Process(10);
        Sight(10, roster =>
        {
            ThreadSight first = roster.Find(10)!;
            _proc.Thread(10, 11, "late");
            roster.MayHaveNew().ShouldBeTrue();
            roster.AddNew(out IReadOnlyList<ThreadSight> added).ShouldBeTrue();
            ThreadSight late = added.Single();
            late.Name.ShouldBe("late");
            roster.Find(10).ShouldBeSameAs(first);
            roster.Begin(new HashSet<int> { 11 }).ShouldBeTrue();
            roster.Find(10).ShouldBeSameAs(first);
            roster.Find(11).ShouldNotBeSameAs(late);
        });
    }

    [Fact]
    public void In_a_pid_namespace_a_thread_has_the_id_that_it_sees_itself()
    {
        _proc.Process(10);
        _proc.Write(10, "task/10/status", FakeProc.Status(10, namespacePids: "300\t7"));
        using TaskDirectory tasks = TaskDirectory.Open(_proc.Root, 10)!;
        using var roster = new Roster(tasks, nested: true);
        roster.Begin(null).ShouldBeTrue();
        roster.Threads.Single().ToThread().NamespaceTid.ShouldBe(7);
    }

    [Fact]
    public void A_sleeper_tells_its_call_and_where_it_is()
    {
        _proc.Process(10).Thread(10, 10, state: 'D', call: "58 0x1 0x2 0x3 0x4 0x5 0x6 0x7ffe1000 0x7f001000\n");
        Sight(10, roster =>
        {
            TargetThread thread = roster.Find(10)!.ToThread();
            thread.Call.ShouldBe(new BlockedCall(58, 1, 2, 3, 4, 5, 6));
            thread.StackPointer!.Value.Value.ShouldBe(0x7ffe1000ul);
            thread.InstructionPointer!.Value.Value.ShouldBe(0x7f001000ul);
            thread.State.ShouldBe(ThreadState.Uninterruptible);
        });
    }

    [Fact]
    public void Without_the_syscall_file_the_state_decides_who_runs()
    {
        _proc.Process(10).Thread(10, 11, state: 'R');
        File.Delete(_proc.Root.Of(10, "task/10/syscall"));
        File.Delete(_proc.Root.Of(10, "task/11/syscall"));
        Sight(10, roster =>
        {
            roster.Find(10)!.Conduct.ShouldBe(ThreadConduct.Parked);
            roster.Find(10)!.ToThread().Call.ShouldBeNull();
            roster.Find(11)!.Conduct.ShouldBe(ThreadConduct.Running);
        });
    }

    [Theory]
    [InlineData('S', "34 0x0 0x0 0x0 0x0 0x0 0x0 0x1 0x2\n", nameof(ThreadConduct.Parked), ThreadState.Sleeping)]
    [InlineData('S', Running, nameof(ThreadConduct.Running), ThreadState.Running)]
    [InlineData('R', "34 0x0 0x0 0x0 0x0 0x0 0x0 0x1 0x2\n", nameof(ThreadConduct.Parked), ThreadState.Sleeping)]
    [InlineData('D', "-1 0x1 0x2\n", nameof(ThreadConduct.Parked), ThreadState.Uninterruptible)]
    [InlineData('T', "34 0x0 0x0 0x0 0x0 0x0 0x0 0x1 0x2\n", nameof(ThreadConduct.Held), ThreadState.Stopped)]
    [InlineData('t', Running, nameof(ThreadConduct.Held), ThreadState.Stopped)]
    [InlineData('Z', "0 0x0 0x0 0x0 0x0 0x0 0x0 0x0 0x0\n", nameof(ThreadConduct.Ended), ThreadState.Zombie)]
    [InlineData('X', "-1 0x0 0x0\n", nameof(ThreadConduct.Ended), ThreadState.Zombie)]
    public void State_and_call_together_say_how_a_thread_is_treated(char state, string call, string conduct, ThreadState shown)
    {
        _proc.Process(10).Thread(10, 10, state: state, call: call);
        Sight(10, roster =>
        {
            roster.Find(10)!.Conduct.ToString().ShouldBe(conduct);
            roster.Find(10)!.ToThread().State.ShouldBe(shown);
        });
    }

    [Fact]
    public void A_process_that_is_gone_has_no_roster()
    {
        TaskDirectory.Open(_proc.Root, 99).ShouldBeNull();
    }

    private void Sight(int pid, Action<Roster> check)
    {
        using TaskDirectory tasks = TaskDirectory.Open(_proc.Root, pid)!;
        using var roster = new Roster(tasks, nested: false);
        roster.Begin(null).ShouldBeTrue();
        check(roster);
    }
}
