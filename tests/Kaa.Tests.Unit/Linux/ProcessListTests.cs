using System.Text;
using Kaa.Linux.Processes;
using Kaa.Results;

namespace Kaa.Tests.Unit.Linux;

public sealed class ProcessListTests : IDisposable
{
    private readonly FakeProc _proc = new();

    public void Dispose() => _proc.Dispose();

    [Fact]
    public void A_process_is_described_by_its_files()
    {
        _proc.Process(10, "worker 1) S").Write(10, "cmdline", "python3\0app.py\0").Write(10, "cgroup", "0::/system.slice/docker-" + new string('a', 64) + ".scope\n");
        _proc.Write(10, "status", FakeProc.Status(10, namespacePids: "7", seccomp: 2));
        _proc.Write(10, "maps", "00400000-00401000 r-xp 00000000 fd:00 5 /usr/bin/python3\n00401000-00402000 rw-p 00001000 fd:00 5 /usr/bin/python3\n"
            + "00500000-00501000 rw-p 00000000 00:00 0 [heap]\n00600000-00601000 r-xp 00000000 fd:00 6 /usr/lib/libc.so.6 (deleted)\n");
        _proc.Link("10/exe", "/usr/bin/python3 (deleted)").Link("10/root", "/");

        ProcessFacts facts = ProcessList.Take(_proc.Root).Find(10)!;

        facts.Name.ShouldBe("worker 1) S");
        facts.Command.ShouldBe(["python3", "app.py"]);
        facts.ContainerPid.ShouldBe(7);
        facts.Container.ShouldBe("aaaaaaaaaaaa");
        facts.Executable.ShouldBe("/usr/bin/python3");
        facts.MappedFiles().ShouldBe(["/usr/bin/python3", "/usr/lib/libc.so.6"]);
        facts.State.ShouldBe(ThreadState.Sleeping);
        facts.CpuSeconds.ShouldBe(3.0);
        facts.Threads.ShouldBe(1);
    }

    [Fact]
    public void Paths_of_a_process_in_a_chroot_are_as_it_sees_them()
    {
        string root = Directory.CreateTempSubdirectory("kaa-root-").FullName;
        _proc.Process(10).Link("10/root", root).Link("10/exe", root + "/usr/bin/python3");
        _proc.Write(10, "maps", $"00400000-00401000 r-xp 00000000 fd:00 5 {root}/usr/bin/python3\n");
        ProcessFacts facts = ProcessList.Take(_proc.Root).Find(10)!;
        facts.Executable.ShouldBe("/usr/bin/python3");
        facts.MappedFiles().ShouldBe(["/usr/bin/python3"]);
        Directory.Delete(root);
    }

    [Fact]
    public void A_process_that_vanished_or_may_not_be_read_gives_empty_answers()
    {
        _proc.Process(10);
        ProcessFacts facts = ProcessList.Take(_proc.Root).Find(10)!;
        File.Delete(_proc.Root.Of(10, "status"));
        facts.Command.ShouldBeEmpty();
        facts.Executable.ShouldBeNull();
        facts.MappedFiles().ShouldBeNull();
        facts.ContainerPid.ShouldBeNull();
        facts.Container.ShouldBeNull();
        facts.Uid.ShouldBeNull();
    }

    [Fact]
    public void Descendants_come_parents_first_and_a_ring_ends()
    {
        _proc.Process(10).Process(20, parent: 10).Process(15, parent: 20).Process(12, parent: 10).Process(30, parent: 1);
        ProcessList list = ProcessList.Take(_proc.Root);
        list.Descendants(10).Select(process => process.Pid).ShouldBe([12, 20, 15]);
        _proc.Process(10, parent: 15);
        ProcessList.Take(_proc.Root).Descendants(10).Select(process => process.Pid).ShouldBe([12, 20, 15]);
    }

    [Fact]
    public void A_pid_may_mean_the_process_here_or_one_inside_a_container()
    {
        _proc.Process(7).Process(10).Process(11);
        _proc.Write(10, "status", FakeProc.Status(10, namespacePids: "7")).Write(11, "status", FakeProc.Status(11, namespacePids: "300\t7"));
        PidResolver.Candidates(_proc.Root, 7).ShouldBe([new(7, null), new(10, 7), new(11, 7)]);
        PidResolver.Candidates(_proc.Root, 300).ShouldBeEmpty();
        PidResolver.Candidates(_proc.Root, 11).ShouldBe([new(11, 7)]);
    }

    [Fact]
    public void User_names_come_from_passwd()
    {
        byte[] passwd = Encoding.UTF8.GetBytes("root:x:0:0:root:/root:/bin/sh\n# remark\n\nbroken\nwww-data:x:33:33::/:/bin/sh\nalias:x:33:33::/:\nmüller:*:1000:1000");
        Dictionary<uint, string> names = UserNames.Parse(passwd);
        names.ShouldBe(new Dictionary<uint, string> { [0] = "root", [33] = "www-data", [1000] = "müller" }, ignoreOrder: true);
    }

    [Fact]
    public void A_process_with_a_root_of_its_own_is_asked_there_by_the_number_that_it_has_inside()
    {
        string root = Directory.CreateTempSubdirectory("kaa-root-").FullName;
        Directory.CreateDirectory(root + "/etc");
        File.WriteAllText(root + "/etc/passwd", "inner:x:33:33::/:/bin/sh\n");
        _proc.Process(10, uid: 100_033).Link("10/root", root).Write(10, "uid_map", "         0     100000      65536\n");
        ProcessList list = ProcessList.Take(_proc.Root);
        list.UserOf(list.Find(10)!).ShouldBe("inner");
        Directory.Delete(root, true);
    }

    [Theory]
    [InlineData("0 0 4294967295\n", 33, 33)]
    [InlineData("0 100000 65536\n", 100_033, 33)]
    [InlineData("0 1000 1\n1 100000 65536\n", 100_000, 1)]
    [InlineData("0 1000 1\n", 7, 7)]
    [InlineData("nonsense\n", 7, 7)]
    public void A_user_namespace_maps_numbers(string map, uint outside, uint inside) => UserNames.Inside(map, outside).ShouldBe(inside);
}
