using Kaa.Formats.ProcText;
using Kaa.Linux.Looking;
using Kaa.Linux.Proc;
using Kaa.Linux.Registers;
using Kaa.Target;

namespace Kaa.Tests.Unit.Linux;

/// <summary>What a stop means, and what it did to a system call.</summary>
public sealed class StopTests
{
    [Theory]
    [InlineData(0x80057f, nameof(StopKind.Event), 0)]
    [InlineData(0x80137f, nameof(StopKind.Group), 19)]
    [InlineData(0x80147f, nameof(StopKind.Group), 20)]
    [InlineData(0x0a7f, nameof(StopKind.Signal), 10)]
    [InlineData(0x057f, nameof(StopKind.Signal), 5)]
    [InlineData(0x0100, nameof(StopKind.Ended), 0)]
    [InlineData(0x0009, nameof(StopKind.Ended), 0)]
    [InlineData(0x008b, nameof(StopKind.Ended), 0)]
    public void Every_wait_status_has_a_meaning(int status, string kind, int signal)
    {
        WaitStatus found = WaitStatus.Of(status);
        found.Kind.ToString().ShouldBe(kind);
        found.Signal.ShouldBe(signal);
        found.SignalToDeliver.ShouldBe(kind == nameof(StopKind.Signal) ? signal : 0);
    }

    [Theory]
    [InlineData(232)] // epoll_wait
    [InlineData(281)] // epoll_pwait
    [InlineData(441)] // epoll_pwait2
    [InlineData(128)] // rt_sigtimedwait
    [InlineData(220)] // semtimedop
    [InlineData(65)] // semop
    [InlineData(45)] // recvfrom
    [InlineData(47)] // recvmsg
    [InlineData(0)] // read
    [InlineData(43)] // accept
    [InlineData(288)] // accept4
    [InlineData(42)] // connect
    [InlineData(208)] // io_getevents
    [InlineData(426)] // io_uring_enter
    public void A_call_that_the_stop_ended_with_EINTR_is_made_again(int number)
    {
        X64Registers stopped = Stopped(number, -4);
        SyscallRestart.NeedsRepair(stopped).ShouldBeTrue();
        X64Registers repaired = SyscallRestart.Repaired(stopped);
        repaired.ShouldBe(stopped with { Rip = 0x7f0000000ffe, Rax = (ulong)number, OriginalRax = ulong.MaxValue });
        SyscallRestart.Instruction(stopped).Value.ShouldBe(repaired.Rip);
    }

    [Theory]
    [InlineData(3, -4)] // close: its descriptor is gone
    [InlineData(257, -4)] // openat: may have created
    [InlineData(16, -4)] // ioctl: who knows
    [InlineData(232, -512)] // the kernel does it
    [InlineData(7, -516)]
    [InlineData(232, 1)] // a result
    [InlineData(-1, -4)] // in no call: rax just is so
    public void Nothing_else_is_touched(int number, long result)
    {
        SyscallRestart.NeedsRepair(Stopped(number, result)).ShouldBeFalse();
    }

    [Theory]
    [InlineData(202, -512, true)]
    [InlineData(202, -513, true)]
    [InlineData(202, -514, true)]
    [InlineData(202, -516, true)]
    [InlineData(202, -4, true)]
    [InlineData(202, -11, false)]
    [InlineData(-1, -512, false)]
    public void A_stopped_thread_was_in_a_call_if_its_result_says_that_it_was_cut_short(int number, long result, bool inCall)
    {
        X64Registers stopped = Stopped(number, result) with { Rdi = 1, Rsi = 2, Rdx = 3, R10 = 4, R8 = 5, R9 = 6 };
        SyscallRestart.Call(stopped).ShouldBe(inCall ? new BlockedCall(202, 1, 2, 3, 4, 5, 6) : null);
    }

    [Theory]
    [InlineData(202, true)]
    [InlineData(7, true)]
    [InlineData(230, true)]
    [InlineData(232, false)]
    [InlineData(45, false)]
    [InlineData(0, false)]
    public void Sleepers_are_stopped_only_where_the_kernel_alone_makes_it_good(int number, bool restarts)
    {
        SyscallRestart.RestartsByItself(number).ShouldBe(restarts);
        if (restarts)
            SyscallRestart.NeedsRepair(Stopped(number, -516)).ShouldBeFalse();
    }

    [Theory]
    [InlineData(0x200, 0, 0, 0, true)] // SIGUSR1, by default deadly
    [InlineData(0x200, 0x200, 0, 0, false)] // blocked
    [InlineData(0x200, 0, 0x200, 0, false)] // ignored
    [InlineData(0x10000, 0, 0, 0, false)] // SIGCHLD: ignored by default
    [InlineData(0x10000, 0, 0, 0x10000, true)] // SIGCHLD with a handler
    [InlineData(0x8000000, 0, 0, 0, false)] // SIGWINCH
    public void Only_a_signal_that_the_thread_would_act_on_interrupts(ulong pending, ulong blocked, ulong ignored, ulong caught, bool interrupts)
    {
        string Text(ulong thread, ulong shared) =>
            $"Pid:\t1\nSigPnd:\t{thread:x16}\nShdPnd:\t{shared:x16}\nSigBlk:\t{blocked:x16}\nSigIgn:\t{ignored:x16}\nSigCgt:\t{caught:x16}\n";
        PendingSignals.Interrupt(StatusParser.Parse(System.Text.Encoding.ASCII.GetBytes(Text(pending, 0))), _ => null).ShouldBe(interrupts);
        PendingSignals.Interrupt(StatusParser.Parse(System.Text.Encoding.ASCII.GetBytes(Text(0, pending))), _ => null).ShouldBe(interrupts);
    }

    [Theory]
    [InlineData(10, 0, true)] // the leader itself
    [InlineData(11, 0, false)] // another one: the leader takes it
    [InlineData(11, 0x200, true)] // which the leader blocks
    public void A_signal_for_the_process_is_the_leaders_where_that_takes_it(int tid, ulong blockedByLeader, bool interrupts)
    {
        static ProcessStatus Of(int tid, ulong blocked) => StatusParser.Parse(System.Text.Encoding.ASCII.GetBytes(
            $"State:\tS (sleeping)\nTgid:\t10\nPid:\t{tid}\nSigPnd:\t0\nShdPnd:\t{0x200:x16}\nSigBlk:\t{blocked:x16}\nSigIgn:\t0\nSigCgt:\t{0x200:x16}\n"));
        PendingSignals.Interrupt(Of(tid, tid == 10 ? blockedByLeader : 0), _ => Of(10, blockedByLeader)).ShouldBe(interrupts);
    }

    [Fact]
    public void A_kernel_that_counts_no_runs_has_no_run_count()
    {
        RunCount.ParseSchedStat("749882 524518 3\n"u8).ShouldBe(new RunCount(true, 3, 749882));
        RunCount.ParseSchedStat("0 0 0\n"u8).ShouldBeNull();
        RunCount.ParseSchedStat("749882 524518"u8).ShouldBeNull();
        RunCount.ParseSchedStat(""u8).ShouldBeNull();
    }

    [Fact]
    public void All_of_a_look_is_over_within_the_pause_that_is_allowed()
    {
        var budget = new LookBudget(TimeSpan.FromMilliseconds(10));
        budget.StopDeadline(1_000).ShouldBe(6_000);
        budget.ReadDeadline(1_000, stopped: 100, watched: 1_000).ShouldBeLessThan(11_000 - 100 * 5 - 1_000);
        budget.AllowsAnotherStop.ShouldBeTrue();
        budget.Spend(9_000);
        budget.AllowsAnotherStop.ShouldBeFalse();
        new LookBudget(TimeSpan.Zero).AllowsAnotherStop.ShouldBeFalse();
    }

    private static X64Registers Stopped(int number, long result) => new()
    {
        Rip = 0x7f0000001000,
        Rsp = 0x7ffe00000000,
        Rax = unchecked((ulong)result),
        OriginalRax = unchecked((ulong)number),
    };
}
