using Kaa.Linux.Looking;
using Kaa.Linux.Proc;

namespace Kaa.Tests.Unit.Linux;

/// <summary>Which threads that are awake are still in a receive, by texts that a kernel could write.</summary>
public sealed class OverdueReceivesTests : IDisposable
{
    private const string Receives = "[<0>] unix_stream_read_generic+0x6de/0xc90\n[<0>] sock_recvmsg+0xb2/0xc0\n[<0>] __sys_recvfrom+0xb8/0x150\n";

    private readonly FakeProc _proc = new();

    public void Dispose() => _proc.Dispose();

    [Theory]
    [InlineData("", false)]
    [InlineData("[<0>] irqentry_exit_to_user_mode+0x110/0x1a0\n", false)]
    [InlineData(Receives, true)]
    public void Its_kernel_stack_tells(string stack, bool holds) => Ask(receives => receives.Holds(10).ShouldBe(holds), stack);

    [Fact]
    public void Whoever_waits_on_for_a_processor_is_in_it_on() => Ask(receives =>
    {
        receives.Holds(10).ShouldBeTrue();
        receives.Holds(10).ShouldBeTrue();
    });

    [Fact]
    public void Whoever_was_given_a_processor_meanwhile_is_in_another_one() => Ask(receives =>
    {
        receives.Holds(10).ShouldBeTrue();
        _proc.Thread(10, 10, schedStat: "2500 2000 4\n");
        receives.Holds(10).ShouldBeTrue();
    });

    [Fact]
    public void Whose_time_grows_runs_and_its_stack_is_an_old_one() => Ask(receives =>
    {
        receives.Holds(10).ShouldBeTrue();
        _proc.Thread(10, 10, schedStat: "4001000 2000 3\n");
        receives.Holds(10).ShouldBeFalse();
    });

    private void Ask(Action<OverdueReceives> ask, string stack = Receives)
    {
        _proc.Process(10).Thread(10, 10, schedStat: "1000 2000 3\n");
        _proc.Write(10, "task/10/stack", stack);
        using TaskDirectory tasks = TaskDirectory.Open(_proc.Root, 10)!;
        ask(new OverdueReceives(tasks));
    }
}
