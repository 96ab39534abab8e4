using Iced.Intel;
using Kaa.Control.Debugging.Execution;
using Kaa.Linux.Registers;

namespace Kaa.Tests.Unit.Control.Debugging;

/// <summary>What branches, calls and returns do, by hand-made code: Intel SDM, volume 2.</summary>
public sealed class ControlFlowTests
{
    private const ulong Start = 0x1000;
    private const ulong Stack = 0x8000;
    private const ulong Zero = 1 << 6;
    private const ulong Carry = 1;
    private const ulong Sign = 1 << 7;
    private const ulong Overflow = 1 << 11;

    [Theory]
    [InlineData("74 10", Zero, 0x1012)] // je
    [InlineData("74 10", 0, 0x1002)]
    [InlineData("75 10", 0, 0x1012)] // jne
    [InlineData("72 fe", Carry, 0x1000)] // jb to itself
    [InlineData("76 10", Zero, 0x1012)] // jbe
    [InlineData("77 10", Carry, 0x1002)] // ja
    [InlineData("7c 10", Sign, 0x1012)] // jl
    [InlineData("7c 10", Sign | Overflow, 0x1002)]
    [InlineData("7f 10", Sign | Overflow, 0x1012)] // jg
    [InlineData("7f 10", Zero, 0x1002)]
    [InlineData("0f 84 00 01 00 00", Zero, 0x1106)] // je, near
    [InlineData("eb f0", 0, 0xff2)] // jmp
    [InlineData("e9 00 10 00 00", 0, 0x2005)]
    public void Branches(string code, ulong flags, ulong next) => Follow(code, new X64Registers { Flags = flags }, out _).Next.ShouldBe(next);

    [Theory]
    [InlineData("e3 10", 0, 0x1012, 0)] // jrcxz
    [InlineData("e3 10", 1, 0x1002, 1)]
    [InlineData("67 e3 10", 0x1_0000_0000, 0x1013, 0x1_0000_0000)] // jecxz
    [InlineData("e2 10", 2, 0x1012, 1)] // loop
    [InlineData("e2 10", 1, 0x1002, 0)]
    [InlineData("e1 10", 2, 0x1002, 1)] // loope: not zero
    [InlineData("e0 10", 2, 0x1012, 1)] // loopne
    public void Loops(string code, ulong count, ulong next, ulong left)
    {
        ControlFlow flow = Follow(code, new X64Registers { Rcx = count }, out _);
        flow.Next.ShouldBe(next);
        flow.Rcx.ShouldBe(left);
    }

    [Theory]
    [InlineData("e8 00 01 00 00", 0x1105, 0x1005)]
    [InlineData("ff d0", 0x4444, 0x1002)] // call rax
    [InlineData("ff 14 c3", 0x7777, 0x1003)] // call [rbx+rax*8]
    [InlineData("ff 15 fa 0f 00 00", 0x5555, 0x1006)] // call [rip+…]: 0x2000
    [InlineData("64 ff 14 25 10 00 00 00", 0x6666, 0x1008)] // call fs:[0x10]
    public void Calls(string code, ulong next, ulong pushed)
    {
        ControlFlow flow = Follow(code, new X64Registers { Rax = 0x4444, Rbx = unchecked(0x2008 - 0x4444 * 8ul), FsBase = 0x2000 }, out _);
        flow.ShouldBe(new ControlFlow(next, Stack - 8, 0, pushed));
    }

    [Theory]
    [InlineData("c3", Stack + 8)]
    [InlineData("f3 c3", Stack + 8)]
    [InlineData("c2 10 00", Stack + 24)]
    public void Returns(string code, ulong stack) => Follow(code, default, out _).ShouldBe(new ControlFlow(0x1234, stack, 0));

    [Theory]
    [InlineData("48 89 c3")] // mov
    [InlineData("0f 05")] // syscall
    [InlineData("cc")]
    [InlineData("ff 20")] // jmp [rax], which can't be read
    public void Others_are_not_followed(string code)
    {
        _ = Follow(code, new X64Registers { Rax = 0xdead_0000 }, out ControlFlow? flow);
        flow.ShouldBeNull();
    }

    private static ControlFlow Follow(string code, X64Registers registers, out ControlFlow? flow)
    {
        byte[] bytes = Convert.FromHexString(code.Replace(" ", "", StringComparison.Ordinal));
        Instruction instruction = Decoder.Create(64, bytes, Start, DecoderOptions.None).Decode();
        var memory = new FakeMemory();
        memory.Add(0x2000, Words(0x5555, 0x7777, 0x6666));
        memory.Add(Stack, Words(0x1234, 0, 0, 0));
        flow = ControlFlow.Follow(instruction, registers with { Rip = Start, Rsp = Stack }, memory);
        return flow ?? new ControlFlow(0, 0, 0);
    }

    private static byte[] Words(params ulong[] words) => [.. words.SelectMany(BitConverter.GetBytes)];
}
