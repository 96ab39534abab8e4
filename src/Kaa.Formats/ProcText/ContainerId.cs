namespace Kaa.Formats.ProcText;

/// <summary>The container that a process runs in, as its control group's path tells.</summary>
/// <param name="Runtime"><c>docker</c>, <c>containerd</c>, <c>cri-o</c>, <c>podman</c>, <c>lxc</c>, <c>nspawn</c>, <c>kubernetes</c>, or <c>container</c> where only the id is known.</param>
/// <param name="Id">64 hexadecimal digits, or a name for lxc and nspawn.</param>
public readonly record struct ContainerId(string Runtime, string Id)
{
    /// <summary>As the runtimes' own lists print it: 12 digits, or the name.</summary>
    public string Short => Runtime is "lxc" or "nspawn" ? Id : Id[..12];
}
