using Kaa.Formats;
using Kaa.Target;
using Kaa.Target.Arch;

namespace Kaa.Tests.Unit.Target;

public sealed class BlockedCallMeaningTests
{
    [Theory]
    [InlineData(202, BlockedCallKind.Futex, "futex")]
    [InlineData(230, BlockedCallKind.Sleep, "clock_nanosleep")]
    [InlineData(0, BlockedCallKind.Descriptor, "read")]
    [InlineData(232, BlockedCallKind.Poll, "epoll_wait")]
    [InlineData(61, BlockedCallKind.Child, "wait4")]
    [InlineData(128, BlockedCallKind.Signal, "rt_sigtimedwait")]
    [InlineData(-1, BlockedCallKind.Other, "a page fault")]
    [InlineData(99999, BlockedCallKind.Other, "syscall 99999")]
    public void The_number_tells_the_kind(int number, BlockedCallKind kind, string name)
    {
        BlockedCallMeaning meaning = BlockedCallMeaning.Of(new BlockedCall(number, 7, 8, 0, 0, 0, 0));
        meaning.Kind.ShouldBe(kind);
        meaning.Name.ShouldBe(name);
    }

    [Fact]
    public void Arguments_tell_the_word_the_descriptor_and_the_child()
    {
        Of(202, 0x7f00).Word.ShouldBe(new Address(0x7f00));
        Of(45, 12).Fd.ShouldBe(12);
        Of(61, 4711).ChildPid.ShouldBe(4711);
        Of(61, ulong.MaxValue).ChildPid.ShouldBeNull();
        Of(270, 0).Kind.ShouldBe(BlockedCallKind.Sleep);
        Of(270, 5).Kind.ShouldBe(BlockedCallKind.Poll);
    }

    private static BlockedCallMeaning Of(int number, ulong arg0) => BlockedCallMeaning.Of(new BlockedCall(number, arg0, 0, 0, 0, 0, 0));
}
