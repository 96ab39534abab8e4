using System.Text;
using System.Text.RegularExpressions;
using Kaa.Control.Tracing;
using Kaa.Control.Tracing.Decoding;
using Kaa.Linux.Calls;
using Kaa.Formats;
using Kaa.Results;
using Kaa.Target.Arch;

namespace Kaa.Tests.Unit.Control.Tracing;

/// <summary>The tables of calls and constants, and arguments as they are shown.</summary>
public sealed class DecodingTests
{
    private const ulong At = 0x1000;

    public static TheoryData<string> AllSignatures()
    {
        var lines = new TheoryData<string>();
        foreach (string line in Lines(SyscallSignatures.Text).Concat(Lines(FunctionSignatures.Text)))
            lines.Add(line);
        return lines;
    }

    [Theory]
    [MemberData(nameof(AllSignatures))]
    public void Every_line_can_be_read(string line)
    {
        Signature signature = Signature.Parse(line);
        signature.Parameters.Count.ShouldBe(line.Split(' ').Length - 1);
        signature.Parameters.Count.ShouldBeLessThanOrEqualTo(6);
        foreach (Parameter parameter in signature.Parameters)
        {
            parameter.Other.ShouldBeLessThan(signature.Parameters.Count);
            bool needsOther = parameter.Kind is ArgumentKind.BytesIn or ArgumentKind.VectorIn or ArgumentKind.VectorOut or ArgumentKind.SocketAddressIn or ArgumentKind.SocketAddressOut;
            (parameter.Other >= 0).ShouldBe(needsOther, parameter.Name);
        }
    }

    [Fact]
    public void Every_line_is_a_call_that_the_kernel_has_and_stands_there_once()
    {
        var names = new HashSet<string>();
        for (int number = 0; number < 1024; number++)
        {
            if (X64SyscallNames.Find(number) is { } name)
                names.Add(name);
        }

        string[] listed = [.. Lines(SyscallSignatures.Text).Select(line => line.Split(' ')[0])];
        listed.ShouldBeUnique();
        listed.Where(name => !names.Contains(name)).ShouldBeEmpty();
        Lines(FunctionSignatures.Text).Select(line => line.Split(' ')[0]).ShouldBeUnique();
    }

    [Theory]
    [InlineData("open", 0x0, "O_RDONLY")]
    [InlineData("open", 0x80241, "O_WRONLY|O_CREAT|O_TRUNC|O_CLOEXEC")]
    [InlineData("open", 0x101002, "O_RDWR|O_SYNC")]
    [InlineData("open", 0x80000000, "O_RDONLY|0x80000000")]
    [InlineData("prot", 0, "PROT_NONE")]
    [InlineData("prot", 5, "PROT_READ|PROT_EXEC")]
    [InlineData("mmap", 0x22, "MAP_PRIVATE|MAP_ANONYMOUS")]
    [InlineData("futex", 0x189, "FUTEX_WAIT_BITSET|FUTEX_PRIVATE_FLAG|FUTEX_CLOCK_REALTIME")]
    [InlineData("sig", 15, "SIGTERM")]
    [InlineData("sig", 0, "0")]
    [InlineData("sig", 40, "0x28")]
    [InlineData("socktype", 0x80801, "SOCK_STREAM|SOCK_CLOEXEC|SOCK_NONBLOCK")]
    [InlineData("whence", 2, "SEEK_END")]
    [InlineData("access", 0, "F_OK")]
    [InlineData("flock", 6, "LOCK_EX|LOCK_NB")]
    [InlineData("wait", 1, "WNOHANG")]
    [InlineData("at", 0x100, "AT_SYMLINK_NOFOLLOW")]
    [InlineData("at", 0, "0")]
    public void Constants_have_their_names(string kind, ulong value, string shown)
    {
        string text = FlagSet.Find(kind)!.Show(value);
        text.Split('|').Order().ShouldBe(shown.Split('|').Order());
    }

    [Theory]
    [InlineData(2, "ENOENT")]
    [InlineData(11, "EAGAIN")]
    [InlineData(40, "ELOOP")]
    [InlineData(41, null)]
    [InlineData(95, "EOPNOTSUPP")]
    [InlineData(110, "ETIMEDOUT")]
    [InlineData(133, "EHWPOISON")]
    [InlineData(134, null)]
    [InlineData(0, null)]
    public void Errors_have_their_names(int number, string? name) => ErrorNames.Find(number).ShouldBe(name);

    [Fact]
    public void Paths_flags_and_modes_are_shown()
    {
        Enter("openat", unchecked((ulong)-100), At, 0x241, 0x1b4).ShouldBe(["AT_FDCWD", "'/tmp/x y'", "O_WRONLY|O_CREAT|O_TRUNC", "0664"]);
        Enter("openat", 7, At, 0, 0x1b4).ShouldBe(["7</tmp>", "'/tmp/x y'", "O_RDONLY"]);
        Enter("mkdir", At, 0x1e9).ShouldBe(["'/tmp/x y'", "0751"]);
        Enter("openat", unchecked((ulong)-100), 0, 0, 0)[1].ShouldBe("NULL");
        Enter("openat", unchecked((ulong)-100), 0xdead0000, 0, 0)[1].ShouldBe("0xdead0000");
    }

    [Fact]
    public void Texts_are_cut_and_said_to_be()
    {
        Signature mkdir = Signature.Find(SyscallSignatures.Text, "mkdir")!;
        new ArgumentDecoder(Memory(), _ => null, 4, []).Enter(mkdir, [At, 0])[0].Value.ShouldBe("'/tmp'…");
        new ArgumentDecoder(Memory(), _ => null, 8, []).Enter(mkdir, [At, 0])[0].Value.ShouldBe("'/tmp/x y'");
        new ArgumentDecoder(Memory(), _ => null, 100, [new Regex("path")]).Enter(mkdir, [At, 0x1ff]).Select(a => a.Value).ShouldBe(["<redacted>", "0777"]);
    }

    [Fact]
    public void What_a_call_gives_is_shown_at_its_exit()
    {
        Signature read = Signature.Find(SyscallSignatures.Text, "read")!;
        var decoder = new ArgumentDecoder(Memory(), _ => null, 100, []);
        TraceArgument[] shown = decoder.Enter(read, [3, At, 100]);
        shown[1].Value.ShouldBe("0x1000");
        decoder.Exit(read, [3, At, 100], 4, shown);
        shown[1].Value.ShouldBe("b'/tmp'");
        shown = decoder.Enter(read, [3, At, 100]);
        decoder.Exit(read, [3, At, 100], -9, shown);
        shown[1].Value.ShouldBe("0x1000");
    }

    [Fact]
    public void Socket_addresses_are_written_as_a_person_does()
    {
        SocketAddressText.Of([2, 0, 0x1f, 0x90, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]).ShouldBe("127.0.0.1:8080");
        SocketAddressText.Of([10, 0, 0, 80, 0, 0, 0, 0, .. new byte[15], 1, 0, 0, 0, 0]).ShouldBe("[::1]:80");
        SocketAddressText.Of([1, 0, .. "/run/x\0junk"u8]).ShouldBe("unix:/run/x");
        SocketAddressText.Of([1, 0, 0, .. "abs"u8]).ShouldBe("unix:@abs");
        SocketAddressText.Of([1]).ShouldBeNull();
        SocketAddressText.Of([99, 0]).ShouldBe("family 99");
    }

    [Fact]
    public void Texts_are_written_as_Python_does()
    {
        Literal.OfText("it's"u8, 100).ShouldBe("\"it's\"");
        Literal.OfText("a\nb\\\x1b"u8, 100).ShouldBe("'a\\nb\\\\\\x1b'");
        Literal.OfText([(byte)'a', 0xff, .. "é"u8], 100).ShouldBe("'a\\xffé'");
        Literal.OfBytes([0, .. "x'\""u8], isCut: true).ShouldBe("b'\\x00x\\'\"'…");
    }

    [Fact]
    public void Names_patterns_and_groups_choose_calls()
    {
        Names(SyscallChoice.Of(["openat", "read,write"])).ShouldBe(["openat", "read", "write"]);
        Names(SyscallChoice.Of(["mkdir*"])).ShouldBe(["mkdir", "mkdirat"]);
        Names(SyscallChoice.Of(["%file"])).ShouldContain("execve");
        Names(SyscallChoice.Of(["%file"])).ShouldNotContain("read");
        Names(SyscallChoice.Of(["%net"])).ShouldContain("sendto");
        SyscallChoice.Of(["%all"]).Count.ShouldBeGreaterThan(300);
        Should.Throw<UserError>(() => SyscallChoice.Of(["opened"])).Code.ShouldBe("no-such-syscall");
        Should.Throw<UserError>(() => SyscallChoice.Of(["%files"])).Hint!.ShouldContain("%file");
    }

    [Fact]
    public void Results_tell_errors_numbers_and_addresses()
    {
        ResultText.OfSyscall("openat", -2).ShouldBe(new TraceResult(-2, "ENOENT", "-1 ENOENT"));
        ResultText.OfSyscall("openat", 3).ShouldBe(new TraceResult(3, null, "3"));
        ResultText.OfSyscall("mmap", 0x7f0000000000).Text.ShouldBe("0x7f0000000000");
        ResultText.OfFunction(0xffffffff).Text.ShouldBe("-1");
        ResultText.OfFunction(ulong.MaxValue).Text.ShouldBe("-1");
        ResultText.OfFunction(42).Text.ShouldBe("42");
        ResultText.OfFunction(0x7f0000001000).Text.ShouldBe("0x7f0000001000");
    }

    [Fact]
    public void Function_patterns_mean_symbols_and_libraries()
    {
        FunctionPattern open = FunctionPattern.Parse("libc!open*");
        open.MeansModule("libc.so.6").ShouldBeTrue();
        open.MeansModule("libc-2.31.so").ShouldBeTrue();
        open.MeansModule("libcrypto.so.3").ShouldBeFalse();
        open.Means("openat64").ShouldBeTrue();
        open.Means("fopen").ShouldBeFalse();
        FunctionPattern.Parse("mkdir").MeansModule("anything").ShouldBeTrue();
        FunctionPattern.Parse("mkdir").Means("mkdirat").ShouldBeFalse();
    }

    private static string[] Enter(string call, params ulong[] arguments)
    {
        var decoder = new ArgumentDecoder(Memory(), descriptor => descriptor == 7 ? "/tmp" : null, 100, []);
        return [.. decoder.Enter(Signature.Find(SyscallSignatures.Text, call)!, arguments).Select(argument => argument.Value)];
    }

    private static FakeMemory Memory() => new FakeMemory().Add(At, Encoding.UTF8.GetBytes("/tmp/x y\0behind"));

    private static List<string> Names(SyscallChoice choice)
    {
        var names = new List<string>();
        for (int number = 0; number < 1024; number++)
        {
            if (choice.Find(number) is { } call)
                names.Add(call.Name);
        }

        names.Sort(StringComparer.Ordinal);
        return names;
    }

    private static string[] Lines(ReadOnlySpan<byte> table) => Encoding.ASCII.GetString(table).Split('\n');
}
