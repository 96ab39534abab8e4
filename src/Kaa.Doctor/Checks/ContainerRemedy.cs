using Kaa.Linux.Processes;

namespace Kaa.Doctor.Checks;

/// <summary>How a container is given the right to trace.</summary>
internal static class ContainerRemedy
{
    /// <summary>Lines for a shell outside of the container.</summary>
    public static string[] Of(ProcessFolder? process)
    {
        string container = process?.Container ?? "CONTAINER";
        return
        [
            "# from the host, where Kaa sees into containers as it is:",
            "sudo kaa ps",
            "# or beside it, with a container that shares its processes:",
            $"docker run --rm -it --pid container:{container} --cap-add SYS_PTRACE -v \"$(command -v kaa)\":/kaa:ro debian /kaa ps",
            "# or for the next start of this one: docker run --cap-add SYS_PTRACE …",
            "# Kubernetes (the profile general grants SYS_PTRACE, --target shares the processes):",
            "kubectl debug -it POD --profile=general --target=CONTAINER --image=IMAGE-WITH-KAA",
        ];
    }
}
