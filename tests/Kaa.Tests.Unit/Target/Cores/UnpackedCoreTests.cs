using System.Diagnostics;
using Kaa.Results;
using Kaa.Target.Cores;
using Kaa.Tests.Unit.Formats.Cores;

namespace Kaa.Tests.Unit;

/// <summary>Compressed by the programs that systemd-coredump's libraries come with.</summary>
public sealed class UnpackedCoreTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("kaa-packed-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Theory]
    [InlineData("zstd")]
    [InlineData("xz")]
    [InlineData("lz4")]
    public void A_compressed_core_is_read_like_the_core_itself_and_leaves_no_file(string program)
    {
        string path = Pack(program, Core());
        string[] before = Directory.GetFiles("/var/tmp", "kaa-core-*");
        using CoreTarget target = CoreTarget.Open(path, new CoreOptions());
        Directory.GetFiles("/var/tmp", "kaa-core-*").ShouldBe(before);
        byte[] read = new byte[6];
        target.Constants.Read(new Kaa.Formats.Address(0x7f0000300000), read).ShouldBe(6);
        read.ShouldBe("behind"u8.ToArray());
        target.Notes[0].Code.ShouldBe("core-unpacked");
        target.Notes[0].Incomplete.ShouldBeFalse();
    }

    [Fact]
    public void A_cut_one_is_read_as_far_as_it_goes()
    {
        byte[] core = Core();
        new Random(1).NextBytes(core.AsSpan(core.Length - 0x200000, 0x1ff000));
        string path = Pack("zstd", core);
        byte[] packed = File.ReadAllBytes(path);
        File.WriteAllBytes(path, packed[..(packed.Length * 2 / 3)]);
        using CoreTarget target = CoreTarget.Open(path, new CoreOptions());
        target.Info.Pid.ShouldBe(70);
        target.Notes.Select(note => note.Code).ShouldContain("core-unpacked");
        target.Notes.Single(note => note.Code == "core-truncated").Incomplete.ShouldBeTrue();
    }

    [Fact]
    public void Unpacking_ends_when_it_is_told_to()
    {
        string path = Pack("zstd", Core());
        Should.Throw<OperationCanceledException>(() =>
            CoreTarget.Open(path, new CoreOptions { OnProgress = () => throw new OperationCanceledException() }));
    }

    [Fact]
    public void What_is_no_core_is_told_to_be_none() =>
        Should.Throw<UserError>(() => CoreTarget.Open(Pack("xz", "hello, this is only a text\n"u8.ToArray()), new CoreOptions())).Code.ShouldBe("not-a-core");

    /// <summary>Three MiB, most of it zeros.</summary>
    private static byte[] Core()
    {
        byte[] memory = new byte[0x301000];
        "behind"u8.CopyTo(memory.AsSpan(0x300000));
        return new CoreBuilder().Thread(70).Process(70, "x", "x").Load(0x7f0000000000, (ulong)memory.Length, memory).Build();
    }

    private string Pack(string program, byte[] content)
    {
        string plain = Path.Combine(_directory, "core");
        File.WriteAllBytes(plain, content);
        var start = new ProcessStartInfo(program) { RedirectStandardOutput = true };
        string[] arguments = ["-c", plain];
        foreach (string argument in arguments)
            start.ArgumentList.Add(argument);
        using Process process = Process.Start(start)!;
        string packed = plain + "." + program;
        using (FileStream file = File.Create(packed))
            process.StandardOutput.BaseStream.CopyTo(file);
        process.WaitForExit();
        process.ExitCode.ShouldBe(0);
        return packed;
    }
}
