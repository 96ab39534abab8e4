using System.Runtime.InteropServices;
using Kaa.Formats;
using Kaa.Formats.ProcText;
using Kaa.Linux;
using Kaa.Linux.Calls;
using Kaa.Linux.Files;
using Kaa.Target;
using Kaa.Tests.Unit.Linux.Live;

namespace Kaa.Tests.Unit.Linux;

public sealed class FilesTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("kaa-root-").FullName;

    public FilesTests()
    {
        Directory.CreateDirectory(_root + "/usr/lib");
        File.WriteAllText(_root + "/usr/lib/real.txt", "inside");
    }

    public void Dispose() => Directory.Delete(_root, true);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Links_and_dots_never_lead_out_of_the_root(bool byHand)
    {
        File.CreateSymbolicLink(_root + "/lib", "usr/lib");
        File.CreateSymbolicLink(_root + "/absolute", "/usr/lib/real.txt");
        File.CreateSymbolicLink(_root + "/escape", "../../../../../../etc/passwd");
        File.CreateSymbolicLink(_root + "/usr/up", "../../../../usr/lib/real.txt");
        using RootedPath files = Open(byHand);

        Read(files, "/usr/lib/real.txt").ShouldBe("inside");
        Read(files, "/lib/real.txt").ShouldBe("inside");
        Read(files, "/absolute").ShouldBe("inside");
        Read(files, "/usr/up").ShouldBe("inside");
        Read(files, "/../../usr/./lib/../lib//real.txt").ShouldBe("inside");
        Read(files, "/escape").ShouldBeNull();
        Read(files, "/../../../../../../etc/passwd").ShouldBeNull();
        File.Exists("/etc/passwd").ShouldBeTrue();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Only_regular_files_are_opened_and_a_pipe_keeps_nobody_waiting(bool byHand)
    {
        MakeFifo(_root + "/fifo", 0x180).ShouldBe(0);
        MakeNode(_root + "/null", 0x2000 | 0x180, 1 << 8 | 3).ShouldBe(0); // S_IFCHR
        File.CreateSymbolicLink(_root + "/ring", "ring");
        using RootedPath files = Open(byHand);

        files.OpenRead("/fifo").ShouldBeNull();
        files.OpenRead("/null").ShouldBeNull();
        files.OpenRead("/usr/lib").ShouldBeNull();
        files.OpenRead("/ring").ShouldBeNull();
        files.OpenRead("/usr/lib/real.txt/more").ShouldBeNull();
        files.OpenRead("/missing").ShouldBeNull();
        files.OpenRead("relative").ShouldBeNull();
        files.OpenRead("/usr/lib/real.txt\0x").ShouldBeNull();
        files.OpenRead("/").ShouldBeNull();
    }

    [Fact]
    public void A_file_can_be_read_from_any_place()
    {
        using RootedPath files = Open(false);
        using Stream file = files.OpenRead("/usr/lib/real.txt")!;
        file.Length.ShouldBe(6);
        file.Seek(-4, SeekOrigin.End);
        Span<byte> rest = stackalloc byte[10];
        file.Read(rest).ShouldBe(4);
        rest[..4].SequenceEqual("side"u8).ShouldBeTrue();
        file.Read(rest).ShouldBe(0);
    }

    [Theory]
    [InlineData("", "/usr/bin/python3", "/usr/bin/python3")]
    [InlineData("/srv/root", "/srv/root/usr/bin/python3", "/usr/bin/python3")]
    [InlineData("/srv/root", "/srv/root", "/")]
    [InlineData("/srv/root", "/srv/rooted/file", "/srv/rooted/file")]
    [InlineData("/srv/root", "[heap]", "[heap]")]
    public void The_kernel_writes_paths_from_the_readers_root(string prefix, string path, string inside) =>
        LiveFiles.Inside(prefix, path).ShouldBe(inside);

    [Fact]
    public void Without_map_files_a_name_is_believed_only_if_the_file_is_what_is_mapped()
    {
        byte[] content = new byte[8192];
        new Random(1).NextBytes(content);
        File.WriteAllBytes(_root + "/usr/lib/lib.so", content);
        ulong inode = Descriptor.Status(OpenFlags.CurrentDirectory, _root + "/usr/lib/lib.so", 0)!.Value.Inode;
        using var proc = new FakeProc();
        proc.Process(10).Link("10/root", _root);
        var mapping = new Mapping(
            new Address(0x5000), new Address(0x6000), MappingAccess.Read, 4096, 0, inode, "/usr/lib/lib.so", false);

        Length(new FakeMemory().Add(0x5000, content[4096..])).ShouldBe(8192);
        Length(new FakeMemory().Add(0x5000, content[..4096])).ShouldBeNull();
        Length(new FakeMemory().Add(0x5000, content[4096..]), mapping with { Inode = inode + 1 }).ShouldBeNull();
        Length(new FakeMemory().Add(0x5000, content[4096..]), mapping with { Deleted = true }).ShouldBeNull();

        long? Length(FakeMemory memory, Mapping? changed = null)
        {
            using var files = new LiveFiles(proc.Root, 10, memory);
            using Stream? file = files.OpenMapped(changed ?? mapping);
            return file?.Length;
        }
    }

    [Fact]
    public void A_deleted_program_can_still_be_read_as_it_is_mapped()
    {
        string copy = _root + "/sleeper";
        File.Copy(TestProgram.Compile("conduct"), copy);
        byte[] content = File.ReadAllBytes(copy);
        using TestProgram program = TestProgram.StartFile(copy, "park", "1");
        File.Delete(copy);
        using LiveTarget target = LiveTarget.Open(program.Pid);
        Module module = target.Modules.Modules.Single(module => module.Path == copy);

        module.Deleted.ShouldBeTrue();
        target.Files.OpenRead(copy).ShouldBeNull();
        target.Files.ModifiedAt(copy).ShouldBeNull();
        using Stream mapped = target.Files.OpenMapped(module.Mappings[0])!;
        byte[] read = new byte[mapped.Length];
        mapped.ReadExactly(read);
        read.ShouldBe(content);
    }

    [Fact]
    public void Directory_start_and_command_of_a_process_are_known()
    {
        using TestProgram program = TestProgram.Start("conduct", "park", "1");
        using LiveTarget target = LiveTarget.Open(program.Pid);
        target.Files.WorkingDirectory.ShouldBe(Environment.CurrentDirectory);
        target.Info.Command.Skip(1).ShouldBe(["park", "1"]);
        target.Info.ContainerPid.ShouldBeNull();
        double now = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() / 1e3;
        target.StartedAt!.Value.ShouldBeInRange(now - 3600, now + 1);
        target.Files.ModifiedAt("/usr/../" + target.Info.Command[0])!.Value.ShouldBe(
            (File.GetLastWriteTimeUtc(target.Info.Command[0]) - DateTime.UnixEpoch).TotalSeconds, 0.001);
    }

    [Fact]
    public void Memory_in_front_of_a_hole_is_read_up_to_it()
    {
        using TestProgram program = TestProgram.Start("conduct", "park", "1");
        using LiveTarget target = LiveTarget.Open(program.Pid);
        int last = 0;
        while (last + 1 < target.Mappings.Count && target.Mappings[last].End == target.Mappings[last + 1].Start)
            last++;
        Address end = target.Mappings[last].End;
        target.Glance().Read(end - 100, new byte[200]).ShouldBe(100);
        target.Glance().Read(end, new byte[200]).ShouldBe(0);
        target.Glance().Read(Address.Null, new byte[8]).ShouldBe(0);
        target.Glance().Read(new Address(0xffffffffff600000), new byte[8]).ShouldBe(0);
    }

    private static string? Read(RootedPath files, string path)
    {
        using Stream? file = files.OpenRead(path);
        return file is null ? null : new StreamReader(file).ReadToEnd();
    }

    private RootedPath Open(bool byHand) =>
        new(Descriptor.Open(_root, OpenFlags.PathOnly | OpenFlags.Directory)!) { WalkByHand = byHand };

    [DllImport("libc", EntryPoint = "mkfifo", CharSet = CharSet.Ansi, BestFitMapping = false)]
    private static extern int MakeFifo(string path, uint mode);

    [DllImport("libc", EntryPoint = "mknod", CharSet = CharSet.Ansi, BestFitMapping = false)]
    private static extern int MakeNode(string path, uint mode, ulong device);
}
