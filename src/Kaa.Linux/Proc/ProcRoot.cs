using System.Globalization;

namespace Kaa.Linux.Proc;

/// <summary>Where /proc is mounted. Tests lay out a tree of their own, to play kernels and processes that the machine does not have.</summary>
public sealed class ProcRoot(string path)
{
    /// <summary>The running kernel's.</summary>
    public static ProcRoot System { get; } = new("/proc");

    public string Path { get; } = path;

    /// <summary><c>/proc/PID/FILE</c>.</summary>
    public string Of(int pid, string file) => string.Create(CultureInfo.InvariantCulture, $"{Path}/{pid}/{file}");

    /// <summary><c>/proc/PID</c>.</summary>
    public string Of(int pid) => string.Create(CultureInfo.InvariantCulture, $"{Path}/{pid}");

    public string Of(string file) => Path + "/" + file;
}
