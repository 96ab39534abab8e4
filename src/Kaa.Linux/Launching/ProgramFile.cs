using Kaa.Linux.Calls;
using Kaa.Results;

namespace Kaa.Linux.Launching;

/// <summary>Finds a program as execvp(3) does.</summary>
public static unsafe class ProgramFile
{
    /// <summary>env(1): it was found, but can't be run.</summary>
    public const string NotExecutable = "not-executable";

    /// <summary>env(1): it was not found.</summary>
    public const string NotFound = "no-such-program";

    private const string DefaultPath = "/bin:/usr/bin"; // confstr(_CS_PATH)
    private const int MayRun = 1; // X_OK

    /// <summary>The path to run.</summary>
    /// <exception cref="UserError">no-such-program, not-executable.</exception>
    public static string Find(string name)
    {
        bool exists = false;
        foreach (string candidate in Candidates(name))
        {
            if (Descriptor.Status(OpenFlags.CurrentDirectory, candidate, 0) is not { } status)
                continue;
            exists = true;
            if (!status.IsDirectory && IsExecutable(candidate))
                return candidate;
        }

        throw exists ? CannotRun(name) : new UserError(NotFound, $"there is no program '{name}'", "give its path, or a name that is found in PATH");
    }

    internal static UserError CannotRun(string name) =>
        new(NotExecutable, $"'{name}' can't be run", "it is a directory, may not be executed, or is no program of this machine's kind");

    private static string[] Candidates(string name)
    {
        if (name.Contains('/'))
            return [name];
        string path = Environment.GetEnvironmentVariable("PATH") ?? DefaultPath;
        return name.Length == 0 ? [] : Array.ConvertAll(path.Split(':'), directory => directory.Length == 0 ? name : directory + "/" + name);
    }

    private static bool IsExecutable(string path)
    {
        fixed (byte* bytes = Descriptor.Terminated(path))
            return Libc.Access(OpenFlags.CurrentDirectory, bytes, MayRun, 0) == 0;
    }
}
