using Kaa.Control.Agent;
using Kaa.Control.Debugging.Execution;
using Kaa.Formats;

namespace Kaa.Tests.Unit.Control.Debugging;

/// <summary>Hits whose threads could not be stopped at once are counted once, and told once.</summary>
public sealed class DecidedHitsTests
{
    private const ulong Place = 0x1000;

    private readonly DecidedHits _hits = new();
    private readonly Breakpoint _first = new(1, "mkdir") { Hits = 1, Commands = ["py-bt", "print $rsp = $rsp", "continue"] };
    private readonly Breakpoint _second = new(2, "mkdir") { Hits = 1, Ignore = 2 };

    [Fact]
    public void Each_thread_has_its_own()
    {
        DecidedHit one = Hit();
        DecidedHit two = Hit();
        _hits.Add(10, one);
        _hits.Add(11, two);
        _hits.Take(11, Place, two.Made).ShouldBe(two);
        _hits.Take(10, Place, one.Made).ShouldBe(one);
        _hits.Take(10, Place, one.Made).ShouldBeNull();
    }

    [Fact]
    public void Whoever_stands_still_there_meanwhile_is_told_of_by_it()
    {
        DecidedHit one = Hit();
        _hits.Add(10, one);
        _hits.Take(10, Place, null).ShouldBe(one);
    }

    [Fact]
    public void Another_hit_is_another_one()
    {
        _hits.Add(10, Hit());
        _hits.Take(10, Place + 8, null).ShouldBeNull();
        _hits.Add(10, Hit());
        _hits.Take(10, Place, Made()).ShouldBeNull();
    }

    [Fact]
    public void At_the_end_of_a_run_those_that_are_left_are_not_counted()
    {
        _hits.Add(10, Hit());
        _hits.Add(11, Hit());
        (_first.Hits, _second.Hits, _second.Ignore) = (2, 2, 1);
        _hits.EndRun();
        (_first.Hits, _second.Hits, _second.Ignore).ShouldBe((0L, 0L, 3L));
        _hits.Take(10, Place, null).ShouldBeNull();
    }

    [Fact]
    public void What_was_done_of_its_commands_is_not_done_again_in_the_next_run()
    {
        var partly = new PartlyPassed(1, null);
        DecidedHit hit = Hit(partly);
        _hits.Add(10, hit);
        _hits.EndRun();
        _hits.TakePartly(11, Place, hit.Decision).ShouldBeNull();
        _hits.TakePartly(10, Place, hit.Decision).ShouldBe(partly);
        _hits.TakePartly(10, Place, hit.Decision).ShouldBeNull();
    }

    [Fact]
    public void Of_commands_that_are_others_by_then_nothing_was_done()
    {
        DecidedHit hit = Hit(new PartlyPassed(1, null));
        _hits.Add(10, hit);
        _hits.EndRun();
        _first.Commands = ["bt"];
        _hits.TakePartly(10, Place, hit.Decision).ShouldBeNull();
    }

    private DecidedHit Hit(PartlyPassed? partly = null) =>
        new(Place, Made(), new Decided([_first], [_second], null), new StopReport(StopReason.Breakpoint, 10) { Breakpoints = [_first], Partly = partly });

    private static AgentEvent Made() => new() { Hook = new HookHandle(1, new HookRequest { Address = new Address(Place), Action = HookAction.Park }), Registers = default };
}
