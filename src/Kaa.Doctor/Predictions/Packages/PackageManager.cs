using Kaa.Linux.Processes;

namespace Kaa.Doctor.Predictions.Packages;

/// <summary>A package manager's simulation: what it is asked, and how its answer reads.</summary>
internal abstract class PackageManager
{
    private static readonly string[] s_directories = ["/usr/bin", "/bin", "/usr/sbin", "/sbin"];

    public abstract string Program { get; }

    /// <summary>Simulates; changes nothing.</summary>
    public abstract IReadOnlyList<string> Simulation(string package);

    /// <summary>What would be done; null where the answer does not tell, or is a refusal.</summary>
    public abstract IReadOnlyList<PackageChange>? Read(ProgramAnswer answer);

    /// <summary>A program and its arguments that list the files of an installed package, one a line.</summary>
    public abstract (string Program, IReadOnlyList<string> Arguments) FileList(string package);

    /// <summary>That of this machine; null where there is none that Kaa knows.</summary>
    public static PackageManager? OfThisMachine() =>
        new PackageManager[] { new AptManager(), new DnfManager("dnf"), new DnfManager("yum"), new ApkManager() }
            .FirstOrDefault(manager => PathOf(manager.Program) is not null);

    /// <summary>Null where there is no such program.</summary>
    public static string? PathOf(string program)
    {
        foreach (string directory in s_directories)
        {
            if (File.Exists(directory + "/" + program))
                return directory + "/" + program;
        }

        return null;
    }

    /// <summary>Runs one; null where there is no such program.</summary>
    public static ProgramAnswer? Ask(string program, IReadOnlyList<string> arguments) =>
        PathOf(program) is { } path ? ChildProgram.Run(path, arguments) : null;
}
