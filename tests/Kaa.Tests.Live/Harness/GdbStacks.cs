using System.Globalization;

namespace Kaa.Tests.Live.Harness;

/// <summary>What gdb says of the C stacks of a process: the truth that Kaa's are compared with.</summary>
internal static class GdbStacks
{
    /// <summary>Null where there is no gdb.</summary>
    public static string? Path { get; } = File.Exists("/usr/bin/gdb") ? "/usr/bin/gdb" : null;

    /// <summary>By tid: the program counters of all physical frames, innermost first.</summary>
    public static Dictionary<int, ulong[]> Of(PythonChild child) => Of(child, ["-p", child.Pid.ToString(CultureInfo.InvariantCulture)]);

    /// <summary>Of a core of the same process.</summary>
    public static Dictionary<int, ulong[]> Of(string core, PythonChild child) =>
        Of(child, child.Interpreter.Root is null ? [child.Interpreter.Executable!, "-c", core] : ["-c", core]);

    private static Dictionary<int, ulong[]> Of(PythonChild child, string[] target)
    {
        // In a chroot gdb can't tell by itself where the program and its libraries are.
        string[] root = child.Interpreter.Root is { } path ? ["-iex", "set sysroot " + path, child.Interpreter.Executable!] : [];
        ProgramResult result = Program.Run(Path!, ["-nx", "-batch", .. root, .. target, "-x", Repository.Fixture("gdb_stacks.py")], TimeSpan.FromMinutes(5));
        var stacks = new Dictionary<int, ulong[]>();
        foreach (string line in result.Output.Split('\n').Where(line => line.StartsWith("STACK ", StringComparison.Ordinal)))
        {
            string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            stacks[int.Parse(words[1], CultureInfo.InvariantCulture)] =
                [.. words[2..].Select(word => ulong.Parse(word, NumberStyles.HexNumber, CultureInfo.InvariantCulture))];
        }

        stacks.ShouldNotBeEmpty(result.Output + result.Error);
        return stacks;
    }
}
