using Kaa.Formats;
using Kaa.Python.Stack;

namespace Kaa.Tests.Unit.Python.Stack;

public sealed class FrameChainTests
{
    /// <summary>Three units on the first line, then one line further each unit (2.7–3.9: bytes).</summary>
    private static readonly byte[] s_lnotab = [6, 1, 2, 1, 2, 1];

    /// <summary>Location entries without columns: three units on the first line, then one a line.</summary>
    private static readonly byte[] s_locations = [0xea, 0, 0xe8, 2, 0xe8, 2, 0xe8, 2];

    public static TheoryData<int, int> ObjectVersions => new() { { 2, 7 }, { 3, 6 }, { 3, 7 }, { 3, 8 }, { 3, 9 } };

    public static TheoryData<int, int> InterpreterVersions => new() { { 3, 11 }, { 3, 12 }, { 3, 13 }, { 3, 14 }, { 3, 15 } };

    [Theory]
    [MemberData(nameof(ObjectVersions))]
    public void Frame_objects_are_walked_outwards_with_names_and_lines(int major, int minor)
    {
        var world = new PyWorld(major, minor);
        Address outer = world.FrameObject(world.Code("outer", 10, s_lnotab), Address.Null, lasti: 6);
        Address inner = world.FrameObject(world.Code("inner", 20, s_lnotab), outer, lasti: -1);

        RawStack stack = world.Chain().Walk(world.ThreadBytes(inner));

        stack.Truncated.ShouldBeNull();
        stack.Frames.Select(f => (f.Code.Name, f.Code.Locate(f.Instruction).Line)).ShouldBe([("inner", 20), ("outer", 11)]);
    }

    [Fact]
    public void In_3_10_the_last_instruction_is_counted_in_units_of_two_bytes()
    {
        var world = new PyWorld(3, 10);
        Address frame = world.FrameObject(world.Code("f", 10, [4, 0, 4, 7]), Address.Null, lasti: 3);
        RawFrame read = world.Chain().Walk(world.ThreadBytes(frame)).Frames.ShouldHaveSingleItem();
        read.Instruction.ShouldBe(6);
        read.Code.Locate(read.Instruction).Line.ShouldBe(17);
    }

    [Fact]
    public void A_line_that_a_tracer_set_counts_only_where_there_is_a_tracer()
    {
        var world = new PyWorld(3, 8);
        Address frame = world.FrameObject(world.Code("f", 10, s_lnotab), Address.Null, lasti: 0);
        world.Put(frame + world.Layout.FrameObject.f_lineno, 77);
        world.Chain().Walk(world.ThreadBytes(frame)).Frames[0].TracedLine.ShouldBeNull();
        world.Put(frame + world.Layout.FrameObject.f_trace, frame);
        world.Chain().Walk(world.ThreadBytes(frame)).Frames[0].TracedLine.ShouldBe(77);
    }

    [Theory]
    [MemberData(nameof(InterpreterVersions))]
    public void Interpreter_frames_are_walked_outwards_with_names_and_lines(int major, int minor)
    {
        var world = new PyWorld(major, minor);
        Address outer = world.Frame(world.Code("outer", 10, s_locations), Address.Null, instruction: 6);
        Address inner = world.Frame(world.Code("inner", 20, s_locations), outer, instruction: 0);

        RawStack stack = world.Chain().Walk(world.ThreadBytes(inner));

        stack.Truncated.ShouldBeNull();
        stack.Frames.Select(f => (f.Code.QualifiedName, f.Code.File, f.Code.Locate(f.Instruction).Line))
            .ShouldBe([("Q.inner", "/app/inner.py", 20), ("Q.outer", "/app/outer.py", 11)]);
    }

    [Theory]
    [InlineData(3, 12)]
    [InlineData(3, 13)]
    [InlineData(3, 14)]
    [InlineData(3, 15)]
    public void Entry_frames_are_left_out_and_mark_the_frames_that_they_run(int major, int minor)
    {
        var world = new PyWorld(major, minor);
        Address code = world.Code("f", 10, s_locations);
        Address outermost = world.Frame(Address.Null, Address.Null, 0, owner: 3);
        Address outer = world.Frame(code, outermost, 0);
        Address entry = world.Frame(Address.Null, outer, 0, owner: 3);
        Address middle = world.Frame(code, entry, 0);
        Address inner = world.Frame(code, middle, 0);

        RawStack stack = world.Chain().Walk(world.ThreadBytes(inner));

        stack.Frames.Select(f => (f.Address, f.EvalFrame)).ShouldBe([(inner, entry), (middle, entry), (outer, outermost)]);
    }

    [Fact]
    public void In_3_11_the_frames_of_an_eval_call_end_at_its_entry_and_are_marked_by_its_cframe()
    {
        var world = new PyWorld(3, 11);
        Address code = world.Code("f", 10, s_locations);
        Address outer = world.Frame(code, Address.Null, 0);
        world.PutByte(outer + world.Layout.Frame.is_entry, 1);
        Address middle = world.Frame(code, outer, 0);
        world.PutByte(middle + world.Layout.Frame.is_entry, 1);
        Address inner = world.Frame(code, middle, 0);
        Address outerCall = world.CFrame(outer, Address.Null);
        Address innerCall = world.CFrame(inner, outerCall);
        byte[] thread = world.ThreadBytes(inner);
        BitConverter.TryWriteBytes(thread.AsSpan(world.Layout.Thread.cframe), innerCall.Value);

        world.Chain().Walk(thread).Frames.Select(f => f.EvalFrame).ShouldBe([innerCall, innerCall, outerCall]);
    }

    [Theory]
    [MemberData(nameof(InterpreterVersions))]
    public void A_frame_that_has_not_begun_is_left_out_unless_a_generator_owns_it(int major, int minor)
    {
        var world = new PyWorld(major, minor);
        Address code = world.Code("f", 10, s_locations);
        world.Put(code + world.Layout.Code._co_firsttraceable, 4);
        Address outer = world.Frame(code, Address.Null, 8);
        Address unborn = world.Frame(code, outer, 6);
        Address generator = world.Frame(code, unborn, 6, owner: 1);
        world.Chain().Walk(world.ThreadBytes(generator)).Frames.Select(f => f.Address).ShouldBe([generator, outer]);
    }

    [Theory]
    [InlineData(3, 14)]
    [InlineData(3, 15)]
    public void Tag_bits_of_a_reference_are_taken_off(int major, int minor)
    {
        var world = new PyWorld(major, minor);
        Address code = world.Code("f", 10, s_locations);
        Address frame = world.Frame(code, Address.Null, 0);
        world.Put(frame + world.Layout.Frame.f_executable, code.Value | 1);
        world.Chain().Walk(world.ThreadBytes(frame)).Frames.ShouldHaveSingleItem().Code.Address.ShouldBe(code);
    }

    [Fact]
    public void The_instruction_is_found_in_the_threads_own_copy_of_the_bytecode()
    {
        var world = new PyWorld(3, 14, freeThreaded: true);
        world = world.With(world.Layout with
        {
            Frame = world.Layout.Frame with { tlbc_index = 72, owner = 78, localsplus = 80 },
            Code = world.Layout.Code with { co_tlbc = world.Layout.Code.Extent, co_code_adaptive = world.Layout.Code.Extent + 8, Extent = world.Layout.Code.Extent + 8 },
        });
        Address code = world.Code("f", 10, s_locations);
        Address copy = world.Allocate(200);
        Address copies = world.Allocate(64);
        world.Put(copies, 3ul);
        world.Put(copies + 16, copy);
        world.Put(code + world.Layout.Code.co_tlbc, copies);
        Address frame = world.Frame(code, Address.Null, 0);
        world.Put(frame + world.Layout.Frame.instr_ptr, copy + 6);
        world.Put(frame + world.Layout.Frame.tlbc_index, 1);

        world.Chain().Walk(world.ThreadBytes(frame)).Frames.ShouldHaveSingleItem().Instruction.ShouldBe(6);

        world.Put(frame + world.Layout.Frame.tlbc_index, 3);
        world.Chain().Walk(world.ThreadBytes(frame)).Truncated.ShouldNotBeNull();
    }

    [Theory]
    [InlineData(3, 9)]
    [InlineData(3, 12)]
    public void A_chain_that_runs_in_a_circle_is_cut_where_it_repeats(int major, int minor)
    {
        var world = new PyWorld(major, minor);
        Address code = world.Code("f", 10, s_locations);
        Address[] frames = new Address[5];
        for (int i = 4; i >= 0; i--)
        {
            Address back = i == 4 ? Address.Null : frames[i + 1];
            frames[i] = minor == 9 ? world.FrameObject(code, back, 0) : world.Frame(code, back, 0);
        }

        world.Put(frames[4] + (minor == 9 ? world.Layout.FrameObject.f_back : world.Layout.Frame.previous), frames[1]);

        RawStack stack = world.Chain().Walk(world.ThreadBytes(frames[0]));

        stack.Frames.Select(f => f.Address).ShouldBe(frames);
        stack.Truncated.ShouldNotBeNull().ShouldContain("circle");
    }

    [Theory]
    [InlineData(3, 9)]
    [InlineData(3, 12)]
    public void What_is_no_code_object_ends_the_stack_with_a_reason(int major, int minor)
    {
        var world = new PyWorld(major, minor);
        Address good = world.Code("f", 10, s_locations);
        Address bad = world.Object(world.StrType, 512);
        Address inner = minor == 9
            ? world.FrameObject(good, world.FrameObject(bad, Address.Null, 0), 0)
            : world.Frame(good, world.Frame(bad, Address.Null, 0), 0);

        RawStack stack = world.Chain().Walk(world.ThreadBytes(inner));

        stack.Frames.ShouldHaveSingleItem().Address.ShouldBe(inner);
        stack.Truncated.ShouldNotBeNull().ShouldContain("no code object");
    }

    [Fact]
    public void A_class_that_is_called_code_makes_no_code_object()
    {
        var world = new PyWorld(3, 12);
        Address code = world.Code("f", 10, s_locations);
        Address impostor = world.Type("code", Kaa.Python.Objects.TypeFlags.HeapType);
        world.Put(code + world.ObjectLayout.PyObject.ob_type, impostor);
        world.Chain().Walk(world.ThreadBytes(world.Frame(code, Address.Null, 0))).Frames.ShouldBeEmpty();
    }

    [Fact]
    public void An_instruction_outside_of_its_code_ends_the_stack()
    {
        var world = new PyWorld(3, 13);
        Address frame = world.Frame(world.Code("f", 10, s_locations), Address.Null, instruction: 100_000);
        RawStack stack = world.Chain().Walk(world.ThreadBytes(frame));
        stack.Frames.ShouldBeEmpty();
        stack.Truncated.ShouldNotBeNull();
    }

    [Fact]
    public void A_frame_that_is_not_mapped_ends_the_stack()
    {
        var world = new PyWorld(3, 13);
        Address frame = world.Frame(world.Code("f", 10, s_locations), new Address(0x1234_5678), 0);
        RawStack stack = world.Chain().Walk(world.ThreadBytes(frame));
        stack.Frames.ShouldHaveSingleItem();
        stack.Truncated.ShouldNotBeNull();
    }

    [Fact]
    public void From_3_15_on_a_chain_that_does_not_end_at_the_base_frame_is_torn()
    {
        var world = new PyWorld(3, 15);
        Address baseFrame = world.Frame(Address.Null, Address.Null, 0, owner: 3);
        Address code = world.Code("f", 10, s_locations);
        Address whole = world.Frame(code, baseFrame, 0);
        Address torn = world.Frame(code, Address.Null, 0);
        byte[] thread = world.ThreadBytes(whole);
        BitConverter.TryWriteBytes(thread.AsSpan(world.Layout.Thread.base_frame), baseFrame.Value);
        world.Chain().Walk(thread).Truncated.ShouldBeNull();
        BitConverter.TryWriteBytes(thread.AsSpan(world.Layout.Thread.current_frame), torn.Value);
        world.Chain().Walk(thread).Truncated.ShouldNotBeNull();
    }

    [Fact]
    public void A_thread_that_runs_no_Python_code_has_an_empty_stack()
    {
        foreach ((int major, int minor) in ((int, int)[])[(2, 7), (3, 10), (3, 11), (3, 12), (3, 13), (3, 15)])
        {
            var world = new PyWorld(major, minor);
            RawStack stack = world.Chain().Walk(world.ThreadBytes(Address.Null));
            stack.Frames.ShouldBeEmpty();
            stack.Truncated.ShouldBeNull();
        }
    }
}
