using System.Globalization;

namespace Kaa.Tests.Live.Harness;

/// <summary>A control group with a limit of memory, of either version.</summary>
public sealed class MemoryGroup : IDisposable
{
    private readonly string _directory;

    private MemoryGroup(string directory) => _directory = directory;

    /// <summary>Null where none can be made: neither version's memory controller is there, or it is not ours.</summary>
    public static MemoryGroup? Make(long bytes)
    {
        foreach ((string parent, string limit) in new[] { ("/sys/fs/cgroup/memory", "memory.limit_in_bytes"), ("/sys/fs/cgroup", "memory.max") })
        {
            string directory = Path.Combine(parent, "kaa-test-" + Guid.NewGuid().ToString("N"));
            try
            {
                if (!File.Exists(Path.Combine(parent, "cgroup.procs")))
                    continue;
                Directory.CreateDirectory(directory);
                File.WriteAllText(Path.Combine(directory, limit), bytes.ToString(CultureInfo.InvariantCulture));
                return new MemoryGroup(directory);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                if (Directory.Exists(directory))
                    Directory.Delete(directory);
            }
        }

        return null;
    }

    /// <summary>A process, with what it allocates from now on.</summary>
    public void Take(int pid) => File.WriteAllText(Path.Combine(_directory, "cgroup.procs"), pid.ToString(CultureInfo.InvariantCulture));

    public void Dispose()
    {
        // Those that are still in it go back to where there is no limit.
        string procs = Path.Combine(_directory, "cgroup.procs");
        foreach (string pid in File.ReadAllLines(procs))
            File.WriteAllText(Path.Combine(Path.GetDirectoryName(_directory)!, "cgroup.procs"), pid);
        Directory.Delete(_directory);
    }
}

/// <summary>A test that needs a control group with a limit of memory; skipped where none can be made.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class MemoryGroupFactAttribute : FactAttribute
{
    private static readonly string? s_hindrance = Try();

    public MemoryGroupFactAttribute() => Skip = s_hindrance;

    private static string? Try()
    {
        using MemoryGroup? group = MemoryGroup.Make(64 << 20);
        return group is null ? "no control group with a limit of memory can be made here" : null;
    }
}
