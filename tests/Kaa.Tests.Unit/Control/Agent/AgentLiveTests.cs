using System.Globalization;
using Kaa.Control.Agent;
using Kaa.Control.Conditions;
using Kaa.Formats;
using Kaa.Linux;
using Kaa.Linux.Looking;
using Kaa.Linux.Memory;
using Kaa.Linux.Proc;
using Kaa.Tests.Unit.Linux.Live;

namespace Kaa.Tests.Unit.Control.Agent;

/// <summary>The agent in a program of C, whose functions have the shapes that hooks meet (programs/hooked.c).</summary>
[System.Runtime.Versioning.SupportedOSPlatform("linux")]
public sealed class AgentLiveTests : IDisposable
{
    private static readonly string[] Names =
    [
        "near_jcc", "far_jcc", "relative", "loads", "calls", "jumps", "short_one", "branded", "flags", "odd", "middle", "quiet", "looped", "looped_end",
        "counted", "too_short", "in_between", "trapped", "leaf", "leaf_end", "lent", "borrows", "lent_far", "borrows_far",
    ];

    private static readonly string[] Hookable = ["near_jcc", "far_jcc", "relative", "loads", "calls", "jumps", "short_one", "branded", "flags", "odd"];
    private static readonly AgentOptions Small = new() { RingBytes = 1 << 20, StackBytes = 1 << 16, FindsPython = false };

    private readonly TestProgram _program = TestProgram.Start("hooked");
    private readonly LiveTarget _target;

    public AgentLiveTests() => _target = LiveTarget.Open(_program.Pid);

    public void Dispose()
    {
        _target.Dispose();
        _program.Dispose();
    }

    [Fact]
    public void Functions_of_all_shapes_do_the_same_when_they_are_hooked_and_have_their_bytes_afterwards()
    {
        byte[] before = Code();
        using (AgentSession session = AgentSession.Attach(_target, Small))
        {
            HookHandle[] hooks = [.. Hookable.Select(name => session.Add(Hook(name, HookAction.Count))), session.Add(Hook("middle", HookAction.Count) with { Function = (At("leaf"), At("leaf_end")) })];
            session.Arm();
            foreach (HookHandle hook in hooks)
                hook.Refusal.ShouldBeNull();
            Code().ShouldNotBe(before);
            byte[] concealed = Code();
            session.Places.Conceal(At("near_jcc"), concealed);
            concealed.ShouldBe(before);
            RunOn();
            foreach (HookHandle hook in hooks)
                session.Counters(hook).Hits.ShouldBeGreaterThan(0ul);
        }

        Code().ShouldBe(before);
        RunOn();
        _program.End().ShouldBe(0);
    }

    [Theory]
    [InlineData("looped", "branch-target")]
    [InlineData("counted", "not-relocatable")]
    [InlineData("too_short", "too-short")]
    [InlineData("in_between", "not-relocatable")]
    [InlineData("lent", "branch-target")]
    [InlineData("lent_far", "branch-target")]
    public void What_can_not_be_hooked_is_refused_with_the_reason(string name, string code)
    {
        byte[] before = Code();
        using AgentSession session = AgentSession.Attach(_target, Small);
        HookHandle hook = session.Add(Hook(name, HookAction.Count));
        session.Arm();
        hook.Refusal!.Code.ShouldBe(code);
        hook.IsArmed.ShouldBeFalse();
        Code().ShouldBe(before);
    }

    [Fact]
    public void Each_call_makes_an_event_and_each_return_another()
    {
        using AgentSession session = AgentSession.Attach(_target, Small);
        HookHandle hook = session.Add(Hook("quiet", HookAction.Record) with { WantsReturn = true });
        session.Arm();
        Ask("call 5").ShouldBe("called 0");
        for (int i = 0; i < 5; i++)
        {
            AgentEvent call = Next(session);
            call.Registers[5].ShouldBe((ulong)i);
            call.Registers[16].ShouldBe(At("quiet").Value);
            session.TidOf(call).ShouldBe(_program.Pid);
            AgentEvent back = Next(session);
            back.IsReturn.ShouldBeTrue();
            back.Number.ShouldBe(call.Number);
            (back.Registers[0] & uint.MaxValue).ShouldBe((ulong)i + 12);
            back.Registers[16].ShouldBe(call.Caller.Value);
        }

        session.Counters(hook).ShouldBe(new AgentCounters(5, 5, 0, 0, 5));
    }

    [Fact]
    public void A_condition_is_asked_in_the_process()
    {
        using AgentSession session = AgentSession.Attach(_target, Small);
        HookHandle hook = session.Add(Hook("quiet", HookAction.Record) with { Condition = Compile("(int) arg0 == 3 or arg0 % 50 == 49") });
        session.Arm();
        Ask("call 100").ShouldBe("called 0");
        Next(session).Registers[5].ShouldBe(3ul);
        Next(session).Registers[5].ShouldBe(49ul);
        Next(session).Registers[5].ShouldBe(99ul);
        session.Counters(hook).ShouldBe(new AgentCounters(100, 3, 0, 0, 0));
    }

    [Fact]
    public void A_thread_that_waits_goes_on_when_it_is_released_and_when_its_hook_is_removed()
    {
        using AgentSession session = AgentSession.Attach(_target, Small);
        HookHandle hook = session.Add(Hook("quiet", HookAction.Park));
        session.Arm();
        _program.WriteLine("call 3");
        for (int i = 0; i < 2; i++)
        {
            AgentEvent parked = Next(session);
            parked.IsParked.ShouldBeTrue();
            parked.Registers[5].ShouldBe((ulong)i);
            session.Release(parked);
        }

        Next(session).IsParked.ShouldBeTrue();
        session.Remove(hook);
        _program.ReadLine().ShouldBe("called 0");
        session.Arm();
        RunOn();
    }

    [Fact]
    public void A_child_of_fork_passes_through_and_leaves_no_trace()
    {
        using AgentSession session = AgentSession.Attach(_target, Small);
        HookHandle hook = session.Add(Hook("quiet", HookAction.Record));
        foreach (string name in Hookable)
            session.Add(Hook(name, HookAction.Count) with { WantsReturn = true });
        session.Arm();
        Ask("fork 1000").ShouldBe("forked 0");
        session.Counters(hook).ShouldBe(default);
        session.TryRead(out _).ShouldBeFalse();
        Ask("call 1").ShouldBe("called 0");
        Next(session).Hook.ShouldBe(hook);
    }

    [Fact]
    public void A_later_session_takes_over_what_an_earlier_one_has_left()
    {
        AgentSession first = AgentSession.Attach(_target, Small);
        first.Add(Hook("quiet", HookAction.Park));
        first.Arm();
        using (AgentProcess another = AgentProcess.Open(_program.Pid, null))
            LeftAgent.Find(another.Target.Mappings, another.Patch).Count.ShouldBe(1);
        first.Detach();
        using AgentSession second = AgentSession.Attach(_target, Small);
        second.IsReused.ShouldBeTrue();
        HookHandle hook = second.Add(Hook("quiet", HookAction.Record));
        second.Arm();
        Ask("call 2").ShouldBe("called 0");
        second.Counters(hook).Hits.ShouldBe(2ul);
        Descriptors().ShouldNotContain(file => file.Contains("kaa-agent", StringComparison.Ordinal));
        first.Dispose();
    }

    [Fact]
    public void A_ring_that_nobody_reads_loses_events_and_stops_nobody()
    {
        using AgentSession session = AgentSession.Attach(_target, Small with { RingBytes = 64 << 10 });
        HookHandle hook = session.Add(Hook("quiet", HookAction.Record));
        session.Arm();
        Ask("call 100000").ShouldBe("called 0");
        AgentCounters counters = session.Counters(hook);
        counters.Matches.ShouldBe(100_000ul);
        ulong read = 0;
        while (session.TryRead(out _))
            read++;
        read.ShouldBe(64 * 1024ul / 256);
        counters.Lost.ShouldBe(100_000ul - read);
        session.Lost.ShouldBe(counters.Lost);
    }

    [Fact]
    public void An_int3_that_a_debugger_left_behind_is_passed()
    {
        using AgentSession session = AgentSession.Attach(_target, Small);
        Address address = At("trapped");
        using TargetPatch patch = TargetPatch.Open(ProcRoot.System, _program.Pid)!;
        using TaskDirectory tasks = TaskDirectory.Open(ProcRoot.System, _program.Pid)!;
        byte[] original = new byte[1];
        TracerThread.Run(
            () =>
            {
                using var held = new HeldProcess(tasks, nested: false);
                held.Stop().ShouldBeTrue();
                session.AddTrap(held, address, out HookRefusal? refusal).ShouldNotBeNull(refusal?.Message);
                patch.TryRead(address, original).ShouldBeTrue();
                patch.TryWrite(address, [0xcc]).ShouldBeTrue();
            },
            () => { });
        Ask("trap").ShouldBe("trapped 15");
        Ask("trap").ShouldBe("trapped 15");
        patch.TryWrite(address, original).ShouldBeTrue();
        session.Detach();
        ulong caught = ulong.Parse(_program.Status(_program.Pid, "SigCgt"), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        (caught & TrapBit).ShouldBe(0ul);
        RunOn();
    }

    private const ulong TrapBit = 1ul << 4;

    private static ConditionProgram Compile(string text) => ConditionProgram.Compile(ConditionParser.Parse(text))!;

    private Address At(string name) => new(_program.Numbers[Array.IndexOf(Names, name)]);

    private HookRequest Hook(string name, HookAction action) => new()
    {
        Address = At(name),
        Action = action,
        WantsStack = false,
        Function = name == "looped" ? (At("looped"), At("looped_end")) : null,
    };

    private static AgentEvent Next(AgentSession session)
    {
        session.Wait(TimeSpan.FromSeconds(30)).ShouldBeTrue();
        session.TryRead(out AgentEvent? made).ShouldBeTrue();
        return made!;
    }

    private string Ask(string line)
    {
        _program.WriteLine(line);
        return _program.ReadLine();
    }

    /// <summary>Both threads go through all functions some more, and find nothing wrong.</summary>
    private void RunOn()
    {
        long before = Rounds();
        while (Rounds() < before + 1000)
            System.Threading.Thread.Yield();
    }

    private long Rounds()
    {
        string[] words = Ask("check").Split(' ');
        words[2].ShouldBe("0");
        return long.Parse(words[1], CultureInfo.InvariantCulture);
    }

    /// <summary>From the first of the functions to the last, as it is now.</summary>
    private byte[] Code()
    {
        byte[] code = new byte[At("trapped") - At("near_jcc") + 16];
        _target.Current.ReadExactly(At("near_jcc"), code);
        return code;
    }

    private IEnumerable<string> Descriptors() => Directory
        .GetFiles(string.Create(CultureInfo.InvariantCulture, $"/proc/{_program.Pid}/fd"))
        .Select(file => new FileInfo(file).LinkTarget ?? "");
}
