using System.Buffers.Binary;
using Kaa.Formats;
using Kaa.Target;
using Kaa.Target.Arch;

namespace Kaa.Tests.Unit.Target;

/// <summary>Timed waits that the kernel shows as restart_syscall.</summary>
public sealed class RestartedCallTests
{
    private const int Restart = 219;
    private const ulong Code = 0x7f0000001000;
    private const ulong Data = 0x7ffe00000000;

    [Theory]
    [InlineData(7)]
    [InlineData(35)]
    [InlineData(202)]
    [InlineData(230)]
    public void The_code_says_which_call_it_is(int number)
    {
        BlockedCall call = Resolve([0x48, 0x89, 0xe5, 0xb8, (byte)number, 0, 0, 0, 0x0f, 0x05], []);
        call.ShouldBe(new BlockedCall(number, 0, 0, 0, 0, 0, 0));
    }

    [Theory]
    [InlineData(new byte[] { 0xb8, 232, 0, 0, 0, 0x0f, 0x05 })] // epoll_wait is never made again so
    [InlineData(new byte[] { 0xb9, 7, 0, 0, 0, 0x0f, 0x05 })] // another register
    [InlineData(new byte[] { 0xb8, 7, 0, 0, 0, 0x0f, 0x34 })] // another instruction
    public void Other_code_says_nothing(byte[] code) => Resolve(code, [], 1, ulong.MaxValue).Number.ShouldBe(Restart);

    [Theory]
    [InlineData(230, 1, 0, 0x40, 0x40)] // clock_nanosleep(CLOCK_MONOTONIC, 0, time, …)
    [InlineData(35, 0x40, 0, 0, 5)] // nanosleep(time, NULL): what follows is left over from elsewhere
    [InlineData(202, 0x80, 137, 2, 0x40)] // futex(word, FUTEX_WAIT_BITSET | PRIVATE, 2, time)
    [InlineData(7, 0x90, 1, 5000, 0)] // poll(entries, 1, 5 s)
    [InlineData(7, 0, 0, 5000, 0)] // poll(NULL, 0, 5 s)
    public void Else_the_arguments_do(int number, ulong first, ulong second, ulong third, ulong fourth) =>
        Resolve([0x90], World(), Placed(first), second, Placed(third), Placed(fourth)).Number.ShouldBe(number);

    [Theory]
    [InlineData(0x40, 0, 77, 0)] // nanosleep(time, NULL), or poll of no entry for 77 ms
    [InlineData(0x88, 137, 2, 0x60)] // a futex's command, with no time
    [InlineData(0x90, 1, 0xffffffff, 0)] // a poll without an end is not made again so
    [InlineData(0x40000, 1, 5000, 0)] // no memory
    public void What_fits_two_or_none_is_left(ulong first, ulong second, ulong third, ulong fourth) =>
        Resolve([0x90], World(), Placed(first), second, third, Placed(fourth)).Number.ShouldBe(Restart);

    [Fact]
    public void Other_calls_are_left_alone()
    {
        var thread = new TargetThread { Tid = 1, NamespaceTid = 1, Call = new BlockedCall(232, 3, 0, 0, 0, 0, 0) };
        RestartedCall.Resolve(thread, new FakeMemory()).ShouldBeSameAs(thread);
    }

    private static ulong Placed(ulong value) => value is >= 0x40 and < 0x100 ? Data + value : value;

    /// <summary>At 0x40 a time of 100 s, at 0x60 what is none; at 0x80 a word; at 0x90 an entry for descriptor 5.</summary>
    private static byte[] World()
    {
        byte[] bytes = new byte[0x100];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(0x40), 100);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(0x60), ulong.MaxValue);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(0x80), 0x80000000_00000002);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(0x88), ulong.MaxValue);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(0x90), 5);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(0x94), -1);
        return bytes;
    }

    private static BlockedCall Resolve(byte[] code, byte[] data, ulong first = 0, ulong second = 0, ulong third = 0, ulong fourth = 0)
    {
        FakeMemory memory = new FakeMemory().Add(new Address(Code), code).Add(new Address(Data), data);
        var thread = new TargetThread
        {
            Tid = 1,
            NamespaceTid = 1,
            InstructionPointer = new Address(Code) + code.Length,
            Call = new BlockedCall(Restart, first, second, third, fourth, 0, 0),
        };
        return RestartedCall.Resolve(thread, memory).Call!;
    }
}
