using Kaa.Formats;
using Kaa.Python.Native;
using Kaa.Python.Semantics;
using Kaa.Python.Stack;
using Kaa.Target;
using Kaa.Target.Unwind;

namespace Kaa.Tests.Unit.Python.Native;

/// <summary>C frames of 0x100 bytes each on a stack that begins at 0x7000.</summary>
public sealed class FramePlacesTests
{
    private const ulong Stack = 0x7000;
    private const int FrameSize = 0x100;

    private readonly byte[] _bytes = new byte[16 * FrameSize];

    [Fact]
    public void A_Python_frame_belongs_to_the_C_frame_that_its_mark_lies_in() =>
        FramePlaces.ByAddress([ByMark(0x7110), ByMark(0x7110), ByMark(0x73f8)], Native(6)).ShouldBe([1, 1, 3]);

    [Fact]
    public void A_mark_that_lies_in_no_C_frame_has_no_place() =>
        FramePlaces.ByAddress([ByMark(0x5000), ByMark(0x7110), ByMark(0), ByMark(0x9000)], Native(6)).ShouldBe([-1, 1, -1, -1]);

    [Fact]
    public void Frames_that_would_stand_inside_of_what_they_called_have_no_place() =>
        FramePlaces.ByAddress([ByMark(0x7310), ByMark(0x7110)], Native(6)).ShouldBe([3, -1]);

    [Fact]
    public void As_many_calls_as_frames_belong_together_in_order() =>
        FramePlaces.ByCalls([ByAddress(1), ByAddress(2)], Native(6), [1, 4], Captured()).ShouldBe([1, 4]);

    [Fact]
    public void A_call_that_has_no_frame_yet_is_left_out()
    {
        Hold(3, 0xaaa0);
        Hold(5, 0xbbb0);
        FramePlaces.ByCalls([ByAddress(0xaaa0), ByAddress(0xbbb0)], Native(6), [1, 3, 5], Captured()).ShouldBe([3, 5]);
    }

    [Fact]
    public void A_frame_without_a_call_has_no_place()
    {
        Hold(1, 0xaaa0);
        Hold(4, 0xccc0);
        FramePlaces.ByCalls([ByAddress(0xaaa0), ByAddress(0xbbb0), ByAddress(0xccc0)], Native(6), [1, 4], Captured()).ShouldBe([1, -1, 4]);
    }

    [Fact]
    public void Without_a_symbol_the_function_that_holds_the_frames_is_the_eval_function()
    {
        Hold(1, 0xaaa0);
        Hold(3, 0xbbb0);
        UnwoundFrame[] native = Native(6);
        native[1] = native[1] with { Range = new Address(0x500) };
        native[3] = native[3] with { Range = new Address(0x500) };
        native[0] = native[0] with { Range = new Address(0x600) };
        native[2] = native[2] with { Range = new Address(0x600) };
        FramePlaces.EvalRange([ByAddress(0xaaa0), ByAddress(0xbbb0)], native, Captured()).ShouldBe(new Address(0x500));
        FramePlaces.EvalRange([ByAddress(0x1110), ByAddress(0x2220)], native, Captured()).ShouldBe(Address.Null);
    }

    [Theory]
    [InlineData("_PyEval_EvalFrameDefault", true)]
    [InlineData("_PyEval_EvalFrameDefault.cold", true)]
    [InlineData("_TAIL_CALL_CALL_PY_EXACT_ARGS.llvm.123", true)]
    [InlineData("method_vectorcall_VARARGS_KEYWORDS", true)]
    [InlineData("slot_tp_init", true)]
    [InlineData("thread_run", true)]
    [InlineData("time_sleep", false)]
    [InlineData("list_sort_impl", false)]
    [InlineData("builtin_exec", false)]
    [InlineData("PyThread_acquire_lock_timed", false)]
    [InlineData("subtype_dealloc", false)]
    public void Plumbing_is_what_only_carries_calls(string function, bool carries) => InterpreterPlumbing.Carries(function).ShouldBe(carries);

    private void Hold(int frame, ulong address) => BitConverter.GetBytes(address).CopyTo(_bytes, (frame * FrameSize) + 0x40);

    private CapturedStack Captured() => new(new TargetThread { Tid = 1, NamespaceTid = 1 }, new Address(Stack), _bytes, null);

    private static UnwoundFrame[] Native(int count)
    {
        var frames = new UnwoundFrame[count];
        for (int i = 0; i < count; i++)
        {
            var start = new Address(Stack + (ulong)(i * FrameSize));
            frames[i] = new UnwoundFrame(new Address(0x100), start + FrameSize, false) { StackPointer = start };
        }

        return frames;
    }

    private static RawFrame ByMark(ulong mark) => new(Address.Null, Code, 0, null, new Address(mark));

    private static RawFrame ByAddress(ulong address) => new(new Address(address), Code, 0, null, Address.Null);

    private static PyCode Code => null!;
}
