using System.Buffers.Binary;
using Kaa.Control.Remote;
using Kaa.Formats;
using Kaa.Linux.Registers;

namespace Kaa.Tests.Unit.Control;

/// <summary>Filters as libseccomp and hand-written ones have them: what would they say of a call?</summary>
public sealed class SeccompFilterTests
{
    private const uint Allow = 0x7fff0000;
    private const uint Errno = 0x00050001;
    private const uint Kill = 0x80000000;
    private const int Clone = 56;

    private static readonly Address s_rip = new(0x1000);

    [Fact]
    public void A_number_is_compared()
    {
        SeccompFilter filter = Filter(Load(0), Jump(0x15, Clone, 0, 1), Return(Kill), Return(Allow));
        filter.Allows(new RemoteCall(Clone), s_rip).ShouldBeFalse();
        filter.Allows(new RemoteCall(61), s_rip).ShouldBeTrue();
    }

    [Fact]
    public void Another_architecture_is_not_ours()
    {
        SeccompFilter filter = Filter(Load(4), Jump(0x15, 0xc000003e, 0, 1), Return(Allow), Return(Kill));
        filter.Allows(new RemoteCall(1), s_rip).ShouldBeTrue();
    }

    [Fact]
    public void Both_halves_of_an_argument_and_its_bits_are_looked_at()
    {
        // args[0]: low word at 16, high word at 20; clone without namespace flags.
        SeccompFilter filter = Filter(Load(20), Jump(0x15, 1, 0, 4), Load(16), Code(0x54, 0x7e020000), Jump(0x15, 0, 0, 1), Return(Allow), Return(Errno));
        filter.Allows(new RemoteCall(Clone, 0x1_0000_0400), s_rip).ShouldBeTrue();
        filter.Allows(new RemoteCall(Clone, 0x400), s_rip).ShouldBeFalse();
        filter.Allows(new RemoteCall(Clone, 0x1_1000_0000), s_rip).ShouldBeFalse();
    }

    [Fact]
    public void The_strictest_of_several_filters_counts()
    {
        var filter = new SeccompFilter([Program(Return(Allow)), Program(Return(Errno))]);
        filter.Allows(new RemoteCall(1), s_rip).ShouldBeFalse();
        new SeccompFilter([Program(Return(Allow)), Program(Return(0x7ffc0000))]).Allows(new RemoteCall(1), s_rip).ShouldBeTrue();
    }

    [Theory]
    [InlineData(0x7ff00000)] // SECCOMP_RET_TRACE
    [InlineData(0x7fc00000)] // SECCOMP_RET_USER_NOTIF
    [InlineData(0x00030000)] // SECCOMP_RET_TRAP
    public void What_asks_somebody_else_is_no_permission(uint verdict) => Filter(Return(verdict)).Allows(new RemoteCall(1), s_rip).ShouldBeFalse();

    [Fact]
    public void Programs_that_break_off_or_do_what_they_may_not_permit_nothing()
    {
        Filter(Load(0)).Allows(new RemoteCall(1), s_rip).ShouldBeFalse();
        Filter(Load(61), Return(Allow)).Allows(new RemoteCall(1), s_rip).ShouldBeFalse();
        Filter(Code(0x34, 0), Return(Allow)).Allows(new RemoteCall(1), s_rip).ShouldBeFalse();
        Filter(Jump(0x05, 100, 0, 0), Return(Allow)).Allows(new RemoteCall(1), s_rip).ShouldBeFalse();
    }

    private static SeccompFilter Filter(params byte[][] instructions) => new([Program(instructions)]);

    private static byte[] Program(params byte[][] instructions) => [.. instructions.SelectMany(instruction => instruction)];

    private static byte[] Load(uint offset) => Code(0x20, offset);

    private static byte[] Return(uint value) => Code(0x06, value);

    private static byte[] Code(ushort code, uint k) => Instruction(code, 0, 0, k);

    private static byte[] Jump(ushort code, uint k, byte yes, byte no) => Instruction(code, yes, no, k);

    private static byte[] Instruction(ushort code, byte yes, byte no, uint k)
    {
        byte[] bytes = new byte[8];
        BinaryPrimitives.WriteUInt16LittleEndian(bytes, code);
        (bytes[2], bytes[3]) = (yes, no);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(4), k);
        return bytes;
    }
}
