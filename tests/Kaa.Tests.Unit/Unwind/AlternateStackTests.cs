using System.Buffers.Binary;
using Kaa.Formats;
using Kaa.Target;
using Kaa.Target.Unwind;

namespace Kaa.Tests.Unit.Unwind;

/// <summary>A thread that handles a signal on a stack of its own.</summary>
public sealed class AlternateStackTests
{
    private const ulong Alternate = 0x7f0000010000;
    private const ulong Size = 0x4000;
    private const ulong Main = 0x7ffe00001000;
    private const ulong Start = Alternate + 0x3000;
    private const int FrameAt = 0x200;

    [Fact]
    public void The_frame_that_led_there_tells_where_it_ends_and_which_stack_was_left()
    {
        AlternateStack found = SignalFrame.FindAlternate(Frame(Main), new Address(Start))!.Value;
        found.End.Value.ShouldBe(Alternate + Size);
        found.Interrupted.Value.ShouldBe(Main);
    }

    [Theory]
    [InlineData(Alternate + 0x3800)] // a handler that interrupted another one, on the same stack
    [InlineData(0ul)]
    public void A_frame_that_left_no_other_stack_is_none(ulong interrupted) =>
        SignalFrame.FindAlternate(Frame(interrupted), new Address(Start)).ShouldBeNull();

    [Fact]
    public void Nor_is_one_that_lies_elsewhere_or_is_cut()
    {
        SignalFrame.FindAlternate(Frame(Main), new Address(Start + Size)).ShouldBeNull();
        SignalFrame.FindAlternate(Frame(Main).AsSpan(0, FrameAt + 100), new Address(Start)).ShouldBeNull();
        SignalFrame.FindAlternate(new byte[0x1000], new Address(Start)).ShouldBeNull();
    }

    [Fact]
    public void Both_stacks_are_read_as_they_were_copied()
    {
        CapturedStack stack = Captured();
        var memory = new CapturedMemory(stack, new FakeMemory().Add(new Address(0x1000), [7]));
        byte[] one = new byte[1];
        memory.Read(new Address(Start), one).ShouldBe(1);
        one[0].ShouldBe((byte)1);
        memory.Read(new Address(Main), one).ShouldBe(1);
        one[0].ShouldBe((byte)2);
        memory.Read(new Address(0x1000), one).ShouldBe(1);
        one[0].ShouldBe((byte)7);
        stack.Length.ShouldBe(0x140);
    }

    [Theory]
    [InlineData(11, Start, Start + 0x20, true)]
    [InlineData(11, Start + 0x18, Start + 0x20, false)]
    [InlineData(22, Start, Start + 0x100, false)] // on the other one, above the place
    [InlineData(22, Start + 0x80, Main + 0x20, true)] // from the one to the other
    [InlineData(22, Start + 0x80, Main + 0x10, false)]
    [InlineData(22, Main, Main + 0x40, true)]
    [InlineData(11, Main, Main + 0x40, false)]
    [InlineData(11, 0x10ul, Main + 0x40, false)]
    public void A_word_is_found_on_the_stacks_that_a_frame_lies_on(ulong word, ulong from, ulong end, bool isHeld) =>
        Captured().Holds(word, new Address(from), new Address(end)).ShouldBe(isHeld);

    /// <summary>0x100 bytes with 11 at 0x10; 0x40 bytes of the other stack with 22 at 0x10.</summary>
    private static CapturedStack Captured()
    {
        byte[] inner = new byte[0x100];
        byte[] outer = new byte[0x40];
        (inner[0], outer[0]) = (1, 2);
        (inner[0x10], outer[0x10]) = (11, 22);
        var thread = new TargetThread { Tid = 1, NamespaceTid = 1 };
        return new CapturedStack(thread, new Address(Start), inner, null) { Interrupted = new CapturedStack(thread, new Address(Main), outer, null) };
    }

    /// <summary>struct rt_sigframe behind other things.</summary>
    private static byte[] Frame(ulong interrupted)
    {
        byte[] bytes = new byte[0x800];
        bytes.AsSpan(0, FrameAt).Fill(0x7f);
        void Put(int at, ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(FrameAt + at), value);
        Put(0, 0x7f0000001234);
        Put(8, 7);
        Put(24, Alternate);
        Put(40, Size);
        Put(168, interrupted);
        Put(176, 0x7f0000005678);
        return bytes;
    }
}
