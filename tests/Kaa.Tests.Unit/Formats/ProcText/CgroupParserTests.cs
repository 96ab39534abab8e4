using System.Text;
using Kaa.Formats.ProcText;

namespace Kaa.Tests.Unit.Formats.ProcText;

public sealed class CgroupParserTests
{
    private const string Id = "4d1f2c3b4a5968778695a4b3c2d1e0f04d1f2c3b4a5968778695a4b3c2d1e0f0";

    [Theory]
    [InlineData("0::/system.slice/docker-ID.scope", "docker")]
    [InlineData("12:memory:/docker/ID", "docker")]
    [InlineData("0::/docker/ID/init.scope", "docker")]
    [InlineData("0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-podab_cd.slice/cri-containerd-ID.scope", "containerd")]
    [InlineData("11:cpu,cpuacct:/system.slice/containerd.service/kubepods-besteffort-pod1.slice:cri-containerd:ID", "containerd")]
    [InlineData("0::/system.slice/nerdctl-ID.scope", "containerd")]
    [InlineData("0::/kubepods.slice/kubepods-pod1.slice/crio-ID.scope", "cri-o")]
    [InlineData("4:pids:/kubepods/burstable/pod12-34/ID", "kubernetes")]
    [InlineData("0::/../../pod12-34/ID", "container")]
    [InlineData("0::/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-ID.scope/container", "podman")]
    [InlineData("0::/libpod_parent/libpod-ID", "podman")]
    [InlineData("0::/ecs/0123/ID", "container")]
    public void The_id_is_found_in_the_path_that_each_runtime_makes(string line, string runtime)
    {
        ContainerId? container = Find("1:name=systemd:/init.scope\n" + line.Replace("ID", Id, StringComparison.Ordinal) + "\n");
        container.ShouldBe(new ContainerId(runtime, Id));
        container!.Value.Short.ShouldBe(Id[..12]);
    }

    [Theory]
    [InlineData("0::/lxc.payload.web-1/system.slice/x.service", "lxc", "web-1")]
    [InlineData("4:pids:/lxc/web-1", "lxc", "web-1")]
    [InlineData(@"0::/machine.slice/machine-build\x2dbox.scope/payload", "nspawn", "build-box")]
    public void Lxc_and_nspawn_go_by_name(string line, string runtime, string name)
    {
        ContainerId? container = Find(line);
        container.ShouldBe(new ContainerId(runtime, name));
        container!.Value.Short.ShouldBe(name);
    }

    [Fact]
    public void A_container_inside_a_container_is_the_inner_one()
    {
        string inner = Id.Replace('4', '5');
        Find($"0::/docker/{Id}/docker/{inner}").ShouldBe(new ContainerId("docker", inner));
    }

    [Theory]
    [InlineData("")]
    [InlineData("0::/\n")]
    [InlineData("0::/user.slice/user-0.slice/session-3.scope\n")]
    [InlineData("0::/system.slice/crio-conmon-ID.scope\n")]
    [InlineData("0::/user.slice/libpod-conmon-ID.scope\n")]
    [InlineData("4:memory:/process_api/89db4054d69c1e7b4d352ab7d82f0acd\n")]
    [InlineData("no colons at all\n")]
    [InlineData("one:colon\n")]
    public void Elsewhere_there_is_no_container(string text) => Find(text.Replace("ID", Id, StringComparison.Ordinal)).ShouldBeNull();

    private static ContainerId? Find(string text) => CgroupParser.FindContainer(Encoding.UTF8.GetBytes(text));
}
