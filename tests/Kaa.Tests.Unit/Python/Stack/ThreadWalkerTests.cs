using Kaa.Formats;
using Kaa.Python.Layout;
using Kaa.Python.Stack;

namespace Kaa.Tests.Unit.Python.Stack;

public sealed class ThreadWalkerTests
{
    public static TheoryData<int, int> Versions => new() { { 2, 7 }, { 3, 6 }, { 3, 7 }, { 3, 8 }, { 3, 10 }, { 3, 11 }, { 3, 12 }, { 3, 13 }, { 3, 14 }, { 3, 15 } };

    [Theory]
    [MemberData(nameof(Versions))]
    public void Threads_of_all_interpreters_are_listed_with_their_order(int major, int minor)
    {
        var p = new Process(major, minor);
        Address main = p.Interpreter(id: 0);
        Address sub = p.Interpreter(id: 1, next: main);
        Address first = p.Thread(main, ident: 11);
        Address second = p.Thread(main, ident: 12);
        Address alone = p.Thread(sub, ident: 13);
        p.Start(sub);

        List<ThreadEntry> threads = p.List(out string? torn);

        torn.ShouldBeNull();
        threads.Select(t => (t.Address, t.Order)).ShouldBe([(alone, 0), (second, 1), (first, 0)]);
        threads.Select(t => t.Word(p.World.Layout.Thread.thread_id)).ShouldBe([13ul, 12ul, 11ul]);
        if (p.World.Layout.Interpreter.id != Offset.Absent)
            threads.Select(t => t.InterpreterId).ShouldBe([1L, 0L, 0L]);
    }

    [Fact]
    public void A_list_of_threads_that_runs_in_a_circle_ends()
    {
        var p = new Process(3, 12);
        Address interpreter = p.Interpreter(0);
        Address first = p.Thread(interpreter, 1);
        p.Thread(interpreter, 2);
        Address third = p.Thread(interpreter, 3);
        p.World.Put(first + p.World.Layout.Thread.next, third);
        p.World.Put(third + p.World.Layout.Thread.prev, first);
        p.Start(interpreter);

        p.List(out string? torn).Count.ShouldBeInRange(3, 8);
        torn.ShouldNotBeNull().ShouldContain("without end");
    }

    [Fact]
    public void A_list_of_interpreters_that_runs_in_a_circle_ends()
    {
        var p = new Process(3, 12);
        Address one = p.Interpreter(0);
        Address other = p.Interpreter(1, next: one);
        p.World.Put(one + p.World.Layout.Interpreter.next, other);
        p.Start(other);

        p.List(out string? torn).ShouldBeEmpty();
        torn.ShouldNotBeNull().ShouldContain("without end");
    }

    [Fact]
    public void A_thread_that_was_freed_meanwhile_ends_the_list_with_a_reason()
    {
        var p = new Process(3, 11);
        Address interpreter = p.Interpreter(0);
        Address old = p.Thread(interpreter, 1);
        Address young = p.Thread(interpreter, 2);
        p.World.Put(old + p.World.Layout.Thread.interp, 0xdddd_dddd_dddd_dddd);
        p.Start(interpreter);

        p.List(out string? torn).ShouldHaveSingleItem().Address.ShouldBe(young);
        torn.ShouldNotBeNull();
    }

    [Fact]
    public void Memory_that_has_become_the_next_thread_does_not_pass_for_the_old_one()
    {
        var p = new Process(3, 11);
        Address interpreter = p.Interpreter(0);
        p.Thread(interpreter, 1);
        Address reused = p.Thread(interpreter, 2);
        Address young = p.Thread(interpreter, 3);
        p.World.Put(reused + p.World.Layout.Thread.prev, 0L);
        p.World.Put(reused + p.World.Layout.Thread.next, 0L);
        p.Start(interpreter);

        p.List(out string? torn).ShouldHaveSingleItem().Address.ShouldBe(young);
        torn.ShouldNotBeNull();
    }

    [Fact]
    public void A_thread_that_is_just_being_taken_out_of_the_list_does_not_end_it()
    {
        var p = new Process(3, 11);
        Address interpreter = p.Interpreter(0);
        Address first = p.Thread(interpreter, 1);
        p.Thread(interpreter, 2);
        Address third = p.Thread(interpreter, 3);
        p.World.Put(third + p.World.Layout.Thread.next, first);
        p.Start(interpreter);

        p.List(out string? torn).Select(t => t.Address).ShouldBe([third, first]);
        torn.ShouldBeNull();
    }

    [Theory]
    [InlineData(3, 7)]
    [InlineData(3, 10)]
    [InlineData(3, 11)]
    public void The_one_GIL_of_a_process_names_its_holder(int major, int minor)
    {
        var p = new Process(major, minor);
        Address interpreter = p.Interpreter(0);
        Address holder = p.Thread(interpreter, 1);
        p.Thread(interpreter, 2);
        p.Start(interpreter);
        Address gil = p.Root.Runtime + p.World.Layout.Runtime.ceval_gil;
        p.World.Put(gil + p.World.Layout.Gil.last_holder, holder);
        p.World.Put(gil + p.World.Layout.Gil.locked, 1);
        p.List(out _).Select(t => t.HoldsGil).ShouldBe([false, true]);

        // Given back: last_holder stays.
        p.World.Put(gil + p.World.Layout.Gil.locked, 0);
        p.List(out _).Select(t => t.HoldsGil).ShouldBe([false, false]);
    }

    [Fact]
    public void Interpreters_with_a_GIL_of_their_own_have_a_holder_each()
    {
        var p = new Process(3, 12);
        Address main = p.Interpreter(0);
        Address sub = p.Interpreter(1, next: main);
        Address inMain = p.Thread(main, 1);
        Address inSub = p.Thread(sub, 2);
        p.HoldGil(main, inMain);
        p.HoldGil(sub, inSub);
        p.Start(sub);
        p.List(out _).Select(t => t.HoldsGil).ShouldBe([true, true]);
    }

    [Fact]
    public void Where_nothing_tells_who_holds_the_GIL_it_is_unknown()
    {
        var p = new Process(2, 7);
        Address interpreter = p.Interpreter(0);
        Address thread = p.Thread(interpreter, 1);
        p.Start(interpreter);
        p.List(out _).ShouldHaveSingleItem().HoldsGil.ShouldBeNull();

        Address current = p.World.Allocate(8);
        p.Root = p.Root with { CurrentThread = current };
        p.List(out _).ShouldHaveSingleItem().HoldsGil.ShouldBe(false);
        p.World.Put(current, thread);
        p.List(out _).ShouldHaveSingleItem().HoldsGil.ShouldBe(true);
    }

    private sealed class Process
    {
        public Process(int major, int minor)
        {
            World = new PyWorld(major, minor);
            Address runtime = World.Allocate(4096);
            Root = World.Layout.Runtime.interpreters_head == Offset.Absent
                ? new InterpreterRoot(runtime, default, default, default)
                : new InterpreterRoot(runtime + World.Layout.Runtime.interpreters_head, runtime, default, default);
        }

        public PyWorld World { get; }

        public InterpreterRoot Root { get; set; }

        public Address Interpreter(int id, Address next = default)
        {
            Address interpreter = World.Allocate(10_000);
            World.Put(interpreter + World.Layout.Interpreter.next, next);
            if (World.Layout.Interpreter.id != Offset.Absent)
                World.Put(interpreter + World.Layout.Interpreter.id, (ulong)id);
            return interpreter;
        }

        public Address Thread(Address interpreter, ulong ident)
        {
            Address newest = World.Objects().PointerAt(interpreter, World.Layout.Interpreter.threads_head);
            Address thread = World.Thread(interpreter, Address.Null, ident, newest);
            World.Put(interpreter + World.Layout.Interpreter.threads_head, thread);
            if (!newest.IsNull && World.Layout.Thread.prev != Offset.Absent)
                World.Put(newest + World.Layout.Thread.prev, thread);
            return thread;
        }

        public void HoldGil(Address interpreter, Address thread)
        {
            Address gil = World.Allocate(64);
            World.Put(gil + World.Layout.Gil.last_holder, thread);
            World.Put(gil + World.Layout.Gil.locked, 1);
            World.Put(interpreter + World.Layout.Interpreter.ceval_gil, gil);
        }

        public void Start(Address newest) => World.Put(Root.Head, newest);

        public List<ThreadEntry> List(out string? torn) => new ThreadWalker(World, World.Layout, Root).List(out torn);
    }
}
