using Kaa.Python;
using Kaa.Python.Bytecode;

namespace Kaa.Tests.Unit.Python.Bytecode;

public sealed class StackFlowTests
{
    [Fact]
    public void A_call_inside_the_arguments_of_another_stands_above_it()
    {
        var a = new Assembler(3, 11);
        a.Add(Op.RESUME);
        a.Add(Op.LOAD_GLOBAL, 1); // NULL, print
        a.Add(Op.LOAD_GLOBAL, 3); // NULL, len
        a.Add(Op.LOAD_FAST);
        a.Add(Op.PRECALL, 1);
        int inner = a.Add(Op.CALL, 1);
        a.Add(Op.PRECALL, 1);
        int outer = a.Add(Op.CALL, 1);
        a.Add(Op.RETURN_VALUE);

        StackFlow flow = a.Flow().ShouldNotBeNull();

        Site(a, flow, inner).ShouldBe(new CallSite(CallForm.MethodOrCallable, 2));
        Site(a, flow, outer).ShouldBe(new CallSite(CallForm.MethodOrCallable, 0));
    }

    [Fact]
    public void Both_ways_of_a_condition_meet_at_one_height()
    {
        var a = new Assembler(3, 8);
        a.Add(Op.LOAD_GLOBAL);
        a.Add(Op.LOAD_FAST, 1);
        int jump = a.Add(Op.POP_JUMP_IF_FALSE);
        a.Add(Op.LOAD_FAST, 2);
        int over = a.Add(Op.JUMP_FORWARD);
        a.Land(jump);
        a.Add(Op.LOAD_CONST);
        a.Land(over);
        int call = a.Add(Op.CALL_FUNCTION, 1);
        a.Add(Op.RETURN_VALUE);

        StackFlow flow = a.Flow().ShouldNotBeNull();

        flow.StatesAt(call).ShouldHaveSingleItem().Depth.ShouldBe(2);
        Site(a, flow, call).ShouldBe(new CallSite(CallForm.Plain, 0));
    }

    [Theory]
    [InlineData(2, 7, 3)]
    [InlineData(3, 6, 6)]
    [InlineData(3, 7, 6)]
    public void A_finally_block_is_entered_in_each_of_its_ways(int major, int minor, int raised)
    {
        var a = new Assembler(major, minor);
        int setup = a.Add(Op.SETUP_FINALLY);
        a.Add(Op.LOAD_FAST);
        a.Add(Op.RETURN_VALUE);
        a.Add(Op.POP_BLOCK);
        a.Add(Op.LOAD_CONST);
        a.Land(setup);
        int handler = a.Position;
        a.Add(Op.LOAD_GLOBAL);
        int call = a.Add(Op.CALL_FUNCTION);
        a.Add(Op.POP_TOP);
        a.Add(Op.END_FINALLY);
        a.Add(Op.LOAD_CONST);
        int end = a.Add(Op.RETURN_VALUE);

        StackFlow flow = a.Flow().ShouldNotBeNull();

        flow.StatesAt(handler).Select(state => (state.Depth, state.Marks!.Kind)).ShouldBe(
            [(2, MarkKind.Return), (raised, raised == 3 ? MarkKind.Raised : MarkKind.Handler)], ignoreOrder: true);
        flow.StatesAt(call).Count.ShouldBe(2);
        flow.StatesAt(end).ShouldBeEmpty("the only way that goes on returns");
    }

    [Fact]
    public void A_finally_block_goes_on_behind_itself()
    {
        var a = new Assembler(3, 7);
        int setup = a.Add(Op.SETUP_FINALLY);
        a.Add(Op.POP_BLOCK);
        a.Add(Op.LOAD_CONST);
        a.Land(setup);
        a.Add(Op.END_FINALLY);
        a.Add(Op.LOAD_CONST);
        int end = a.Add(Op.RETURN_VALUE);

        a.Flow().ShouldNotBeNull().StatesAt(end).ShouldBe([new StackState(1, null)]);
    }

    [Fact]
    public void A_call_of_a_finally_block_comes_back_to_where_it_was_made()
    {
        var a = new Assembler(3, 8);
        int setup = a.Add(Op.SETUP_FINALLY);
        a.Add(Op.LOAD_FAST);
        a.Add(Op.POP_BLOCK);
        int jump = a.Add(Op.CALL_FINALLY);
        int end = a.Add(Op.RETURN_VALUE);
        a.Land(setup);
        a.Land(jump);
        int handler = a.Add(Op.END_FINALLY);

        StackFlow flow = a.Flow().ShouldNotBeNull();

        flow.StatesAt(end).ShouldBe([new StackState(1, null)]);
        flow.StatesAt(handler).Select(state => state.Depth).ShouldBe([2, 6], ignoreOrder: true);
    }

    [Fact]
    public void A_break_inside_try_and_finally_leaves_the_loop_by_it()
    {
        var a = new Assembler(3, 6);
        int loop = a.Add(Op.SETUP_LOOP);
        int setup = a.Add(Op.SETUP_FINALLY);
        a.Add(Op.BREAK_LOOP);
        a.Add(Op.POP_BLOCK);
        a.Add(Op.LOAD_CONST);
        a.Land(setup);
        int handler = a.Add(Op.END_FINALLY);
        a.Add(Op.POP_BLOCK);
        a.Land(loop);
        int end = a.Add(Op.LOAD_CONST);
        a.Add(Op.RETURN_VALUE);

        StackFlow flow = a.Flow().ShouldNotBeNull();

        flow.StatesAt(handler).Select(state => state.Marks!.Kind).ShouldBe([MarkKind.Break, MarkKind.Handler], ignoreOrder: true);
        flow.StatesAt(end).ShouldBe([new StackState(0, null)]);
    }

    [Theory]
    [InlineData(3, 9)]
    [InlineData(3, 10)]
    public void A_with_block_keeps_its_exit_below_and_an_exception_lies_above_it(int major, int minor)
    {
        var a = new Assembler(major, minor);
        a.Add(Op.LOAD_FAST);
        int with = a.Add(Op.SETUP_WITH);
        int body = a.Add(Op.POP_TOP);
        a.Add(Op.POP_BLOCK);
        a.Add(Op.POP_TOP);
        a.Add(Op.LOAD_CONST);
        a.Add(Op.RETURN_VALUE);
        a.Land(with);
        int handler = a.Add(Op.WITH_EXCEPT_START);
        a.Add(Op.RERAISE);

        StackFlow flow = a.Flow().ShouldNotBeNull();

        flow.StatesAt(body).ShouldBe([new StackState(2, new Mark(MarkKind.Finally, 1, handler, null))]);
        flow.StatesAt(handler).ShouldBe([new StackState(7, new Mark(MarkKind.Handler, 1, 0, null))]);
        Site(a, flow, with).ShouldBe(new CallSite(CallForm.EnterByExit, 0));
    }

    [Fact]
    public void Handlers_of_the_exception_table_begin_at_its_depth()
    {
        var a = new Assembler(3, 12);
        a.Add(Op.RESUME);
        a.Add(Op.LOAD_CONST);
        a.Add(Op.RETURN_VALUE);
        int handler = a.Add(Op.PUSH_EXC_INFO);
        int reraise = a.Add(Op.RERAISE);

        // start 1, length 1, target, depth 2 with the instruction
        StackFlow flow = a.Flow(20, false, 0x81, 0x01, (byte)(handler / 2), (2 << 1) | 1).ShouldNotBeNull();

        flow.StatesAt(handler).ShouldHaveSingleItem().Depth.ShouldBe(4);
        flow.StatesAt(reraise).ShouldHaveSingleItem().Depth.ShouldBe(5);
    }

    [Fact]
    public void An_extended_argument_is_found_from_either_offset()
    {
        var a = new Assembler(3, 10);
        int first = a.Add(Op.EXTENDED_ARG, 1);
        int load = a.Add(Op.LOAD_GLOBAL, 2);
        a.Add(Op.RETURN_VALUE);

        StackFlow flow = a.Flow().ShouldNotBeNull();

        flow.TryInstruction(first, out Instruction instruction).ShouldBeTrue();
        instruction.ShouldBe(new Instruction(Op.LOAD_GLOBAL, 258, load, load + 2));
        flow.TryInstruction(load, out instruction).ShouldBeTrue();
        instruction.Argument.ShouldBe(258);
    }

    [Fact]
    public void Code_that_no_compiler_makes_is_not_followed()
    {
        var low = new Assembler(3, 11);
        low.Add(Op.POP_TOP);
        low.Flow().ShouldBeNull("the stack has nothing to take");

        var high = new Assembler(3, 11);
        high.Add(Op.LOAD_CONST);
        high.Add(Op.LOAD_CONST);
        high.Flow(stackSize: 1).ShouldBeNull("the stack has no such place");

        var open = new Assembler(3, 11);
        open.Add(Op.NOP);
        open.Flow().ShouldBeNull("it runs on behind the end");

        var hidden = new Assembler(3, 13);
        hidden.Add(Op.INSTRUMENTED_LINE);
        hidden.Add(Op.RETURN_VALUE);
        hidden.Flow().ShouldBeNull("the instruction is not in the code");

        var loop = new Assembler(3, 11);
        int start = loop.Add(Op.LOAD_CONST);
        loop.Add(Op.JUMP_BACKWARD, (loop.Position + 2 - start) / 2);
        loop.Flow(stackSize: 100_000).ShouldBeNull("each round is one higher");
    }

    [Theory]
    [InlineData(2, 7)]
    [InlineData(3, 7)]
    [InlineData(3, 8)]
    [InlineData(3, 10)]
    [InlineData(3, 11)]
    [InlineData(3, 15)]
    public void Garbage_ends(int major, int minor)
    {
        OpcodeSet set = OpcodeSet.For(new PythonVersion(major, minor))!;
        var random = new Random(17);
        byte[] code = new byte[200];
        byte[] table = new byte[20];
        for (int round = 0; round < 3_000; round++)
        {
            random.NextBytes(code);
            random.NextBytes(table);
            StackFlow? flow = StackFlow.Analyse(set, code, generator: round % 2 == 0, table, random.Next(-2, 1 << 20));
            for (int offset = -2; flow is not null && offset < code.Length + 2; offset++)
                flow.StatesAt(offset).Count.ShouldBeLessThanOrEqualTo(64);
        }
    }

    private static CallSite? Site(Assembler a, StackFlow flow, int call)
    {
        flow.TryInstruction(call, out Instruction instruction).ShouldBeTrue();
        return CallSite.Of(instruction, flow.StatesAt(call).ShouldHaveSingleItem().Depth, a.Set.Release);
    }
}
