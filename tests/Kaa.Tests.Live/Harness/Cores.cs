using System.Globalization;

namespace Kaa.Tests.Live.Harness;

/// <summary>Cores of fixtures, made by the kernel and by gdb, in a directory that goes with the test.</summary>
public sealed class Cores : IDisposable
{
    /// <summary>The kernel writes where this says, for all processes: it is never changed.</summary>
    private static readonly string s_pattern = File.ReadAllText("/proc/sys/kernel/core_pattern").Trim();

    private static readonly System.Threading.Lock s_roots = new();

    /// <summary>Why no test here can get a core of the kernel's; null where it can.</summary>
    public static string? Hindrance { get; } =
        s_pattern.StartsWith('|') || s_pattern.Contains('/') ? $"core_pattern is '{s_pattern}': no core is written to the process's directory" : null;

    public string Directory { get; } = System.IO.Directory.CreateTempSubdirectory("kaa-cores-").FullName;

    /// <summary>Runs a script so that the kernel may dump it.</summary>
    public PythonChild Start(Interpreter interpreter, string fixture)
    {
        string[] launch = ["/bin/sh", "-c", "ulimit -c unlimited; exec \"$@\"", "sh", .. interpreter.Launch];
        return PythonChild.StartFile(interpreter with { Launch = launch }, Repository.Fixture(fixture), Directory);
    }

    /// <summary>Ends the process with a signal that dumps it.</summary>
    /// <param name="filter">What goes to <c>coredump_filter</c>; null to leave it.</param>
    public string Kill(PythonChild child, string? filter = null, string signal = "ABRT")
    {
        string pid = child.Pid.ToString(CultureInfo.InvariantCulture);
        if (filter is not null)
            File.WriteAllText($"/proc/{pid}/coredump_filter", filter);
        lock (s_roots)
        {
            Program.Run("/bin/kill", ["-" + signal, pid]).Exit.ShouldBe(0);
            child.WaitForExit();
            return Collect(child);
        }
    }

    /// <summary>Waits for a process that ends itself with a core.</summary>
    public string Collect(PythonChild child)
    {
        child.WaitForExit();

        // chroot(1) goes to the new root's top.
        string written = child.Interpreter.Root ?? Directory;
        string pid = "." + child.Pid.ToString(CultureInfo.InvariantCulture);
        string found = System.IO.Directory.GetFiles(written, "core*").First(path => path.EndsWith("/core", StringComparison.Ordinal) || path.EndsWith(pid, StringComparison.Ordinal));
        string core = Path.Combine(Directory, "core-" + Guid.NewGuid().ToString("N"));
        File.Move(found, core);
        return core;
    }

    /// <summary>The process goes on.</summary>
    public string Gcore(PythonChild child)
    {
        string core = Path.Combine(Directory, "gcore-" + Guid.NewGuid().ToString("N"));
        string pid = child.Pid.ToString(CultureInfo.InvariantCulture);
        ProgramResult result = Program.Run("gdb", ["-nx", "-batch", "-p", pid, "-ex", "gcore " + core]);
        File.Exists(core).ShouldBeTrue(result.Output + result.Error);
        return core;
    }

    public void Dispose() => System.IO.Directory.Delete(Directory, recursive: true);
}

/// <summary>Needs cores that the kernel writes to the process's directory.</summary>
public sealed class KernelCoreFactAttribute : FactAttribute
{
    public KernelCoreFactAttribute() => Skip = Cores.Hindrance;
}

/// <inheritdoc cref="KernelCoreFactAttribute"/>
public sealed class KernelCoreTheoryAttribute : TheoryAttribute
{
    public KernelCoreTheoryAttribute() => Skip = Cores.Hindrance;
}
