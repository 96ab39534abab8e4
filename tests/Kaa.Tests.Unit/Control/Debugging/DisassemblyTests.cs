using Kaa.Control.Debugging.Memory;
using Kaa.Formats;

namespace Kaa.Tests.Unit.Control.Debugging;

/// <summary>Machine code as text. What is expected is what gdb 13.1 (binutils 2.40) writes for the same bytes.</summary>
public sealed class DisassemblyTests
{
    [Theory]
    [InlineData("55", "push   %rbp")]
    [InlineData("48 89 e5", "mov    %rsp,%rbp")]
    [InlineData("c3", "ret")]
    [InlineData("c9", "leave")]
    [InlineData("0f 05", "syscall")]
    [InlineData("f3 0f 1e fa", "endbr64")]
    [InlineData("48 8b 04 24", "mov    (%rsp),%rax")]
    [InlineData("48 8b 44 24 08", "mov    0x8(%rsp),%rax")]
    [InlineData("48 8b 04 c8", "mov    (%rax,%rcx,8),%rax")]
    [InlineData("0f 1f 44 00 00", "nopl   0x0(%rax,%rax,1)")]
    [InlineData("66 2e 0f 1f 84 00 00 00 00 00", "cs nopw 0x0(%rax,%rax,1)")]
    [InlineData("66 66 2e 0f 1f 84 00 00 00 00 00", "data16 cs nopw 0x0(%rax,%rax,1)")]
    [InlineData("ff d0", "call   *%rax")]
    [InlineData("ff 50 30", "call   *0x30(%rax)")]
    [InlineData("ff 24 d7", "jmp    *(%rdi,%rdx,8)")]
    [InlineData("e8 fb 0f 00 00", "call   0x2000 <target>")]
    [InlineData("74 10", "je     0x1012")]
    [InlineData("48 d1 fb", "sar    %rbx")]
    [InlineData("d1 ee", "shr    %esi")]
    [InlineData("48 c1 e0 04", "shl    $0x4,%rax")]
    [InlineData("f3 a4", "rep movsb %ds:(%rsi),%es:(%rdi)")]
    [InlineData("f3 48 ab", "rep stos %rax,%es:(%rdi)")]
    [InlineData("48 8d 05 00 10 00 00", "lea    0x1000(%rip),%rax        # 0x2007 <target+7>")]
    [InlineData("64 48 8b 04 25 28 00 00 00", "mov    %fs:0x28,%rax")]
    [InlineData("48 8d 14 8d 00 00 00 00", "lea    0x0(,%rcx,4),%rdx")]
    [InlineData("f0 0f b1 55 00", "lock cmpxchg %edx,0x0(%rbp)")]
    [InlineData("48 81 ec 88 00 00 00", "sub    $0x88,%rsp")]
    [InlineData("48 83 c4 f8", "add    $0xfffffffffffffff8,%rsp")]
    [InlineData("c5 f8 77", "vzeroupper")]
    [InlineData("66 0f ef c0", "pxor   %xmm0,%xmm0")]
    [InlineData("06", "(bad)")]
    public void As_gdb_writes_it(string bytes, string expected) => Disassemble(bytes, intel: false).ShouldBe(expected);

    [Theory]
    [InlineData("48 89 e5", "mov    rbp,rsp")]
    [InlineData("48 8b 44 24 08", "mov    rax,QWORD PTR [rsp+0x8]")]
    [InlineData("e8 fb 0f 00 00", "call   0x2000 <target>")]
    public void In_Intels_syntax(string bytes, string expected) => Disassemble(bytes, intel: true).ShouldBe(expected);

    [Fact]
    public void It_goes_on_to_the_end_of_memory()
    {
        FakeMemory memory = new FakeMemory().Add(0x1000, 0x55, 0xc3);
        var found = new List<string>();
        Should.Throw<TargetFault>(() =>
        {
            foreach (DisassembledInstruction one in new Disassembly(memory, _ => null, false).From(new Address(0x1000)))
                found.Add(one.Text);
        });
        found.ShouldBe(["push   %rbp", "ret"]);
    }

    private static string Disassemble(string bytes, bool intel)
    {
        byte[] code = [.. bytes.Split(' ').Select(text => Convert.ToByte(text, 16))];
        FakeMemory memory = new FakeMemory().Add(0x1000, [.. code, .. new byte[16]]);
        return new Disassembly(memory, Name, intel).From(new Address(0x1000)).First().Text;
    }

    private static string? Name(Address address) => address.Value is >= 0x2000 and < 0x3000
        ? address.Value == 0x2000 ? "target" : "target+" + (address.Value - 0x2000)
        : null;
}
