using Kaa.Formats.Elf;

namespace Kaa.Tests.Unit.Formats.Elf;

public sealed class ElfIdentityTests
{
    [Theory]
    [InlineData(2, 1, 62, ElfVerdict.Supported, "x86_64")]
    [InlineData(2, 1, 183, ElfVerdict.ForeignArchitecture, "aarch64")]
    [InlineData(1, 1, 3, ElfVerdict.Elf32, "i386")]
    [InlineData(1, 1, 62, ElfVerdict.Elf32, "x32")]
    [InlineData(2, 2, 22, ElfVerdict.BigEndian, "s390x")]
    [InlineData(2, 1, 9999, ElfVerdict.ForeignArchitecture, "machine 9999")]
    public void Class_byte_order_and_machine_are_told_apart(byte elfClass, byte data, int machine, ElfVerdict verdict, string name)
    {
        byte[] start = new byte[20];
        "\u007fELF"u8.CopyTo(start);
        start[4] = elfClass;
        start[5] = data;
        start[data == 2 ? 19 : 18] = (byte)(machine & 0xff);
        start[data == 2 ? 18 : 19] = (byte)(machine >> 8);
        ElfIdentity identity = ElfIdentity.Of(start);
        identity.Verdict.ShouldBe(verdict);
        identity.MachineName.ShouldBe(name);
    }

    [Fact]
    public void Anything_else_is_no_ELF_file()
    {
        ElfIdentity.Of("#!/bin/sh\nexit 0\n     "u8).Verdict.ShouldBe(ElfVerdict.NotElf);
        ElfIdentity.Of([]).Verdict.ShouldBe(ElfVerdict.NotElf);
        ElfIdentity.Of(new ElfBuilder().Build().AsSpan(0, 19)).Verdict.ShouldBe(ElfVerdict.NotElf);
    }
}
