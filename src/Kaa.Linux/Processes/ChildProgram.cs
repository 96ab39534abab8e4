using System.Collections;
using System.Text;
using Kaa.Formats;
using Kaa.Linux.Calls;

namespace Kaa.Linux.Processes;

/// <summary>What a program said.</summary>
/// <param name="Status">Its exit status; 128 and the number of the signal that ended it.</param>
/// <param name="Output">Its standard output and errors, in one.</param>
public sealed record ProgramAnswer(int Status, string Output);

/// <summary>Runs another program of this machine to its end: the package manager, never a target.</summary>
public static unsafe class ChildProgram
{
    private const int FileActionsSize = 80; // sizeof(posix_spawn_file_actions_t), glibc x86-64
    private const int Piece = 16 << 10;

    /// <summary>Null where it can't be started. It gets no input, and speaks English.</summary>
    /// <param name="program">Absolute path.</param>
    public static ProgramAnswer? Run(string program, IReadOnlyList<string> arguments)
    {
        if (!Descriptor.TryMakePipe(out Descriptor? reader, out Descriptor? writer))
            return null;
        using Descriptor output = reader;
        int pid;
        using (writer)
            pid = Spawn(program, arguments, writer.Number);
        if (pid <= 0)
            return null;
        string text = ReadAll(output.Number);
        return new ProgramAnswer(WaitFor(pid), text);
    }

    private static int Spawn(string program, IReadOnlyList<string> arguments, int output)
    {
        byte* actions = stackalloc byte[FileActionsSize];
        _ = Libc.InitSpawnActions(actions);
        using var path = new TextArray([program, "/dev/null"]);
        using var command = new TextArray([program, .. arguments]);
        using var environment = new TextArray(EnvironmentOf());
        _ = Libc.AddSpawnOpen(actions, 0, path.Pointers[1], OpenFlags.ReadOnly, 0);
        _ = Libc.AddSpawnDuplicate(actions, output, 1);
        _ = Libc.AddSpawnDuplicate(actions, output, 2);
        int pid;
        int error = Libc.Spawn(&pid, path.Pointers[0], actions, null, command.Pointers, environment.Pointers);
        _ = Libc.DestroySpawnActions(actions);
        return error == 0 ? pid : -1;
    }

    private static string ReadAll(int descriptor)
    {
        var bytes = new MemoryStream();
        byte* buffer = stackalloc byte[Piece];
        while (true)
        {
            nint count = Libc.Read(descriptor, buffer, Piece);
            if (count < 0 && Errno.Last == Errno.Interrupted)
                continue;
            if (count <= 0)
                break;

            // What is too much is read all the same, so that the program can end.
            if (bytes.Length < Limits.ProgramOutput)
                bytes.Write(new ReadOnlySpan<byte>(buffer, (int)count));
        }

        return Encoding.UTF8.GetString(bytes.GetBuffer(), 0, (int)bytes.Length);
    }

    private static int WaitFor(int pid)
    {
        int status;
        int waited;
        do
            waited = Libc.WaitPid(pid, &status, 0);
        while (waited < 0 && Errno.Last == Errno.Interrupted);
        if (waited < 0)
            return -1;
        int signal = status & 0x7f;
        return signal == 0 ? (status >> 8) & 0xff : 128 + signal;
    }

    private static List<string> EnvironmentOf()
    {
        var variables = new List<string> { "LC_ALL=C" };
        foreach (DictionaryEntry entry in Environment.GetEnvironmentVariables())
        {
            if (entry.Key is string name && name is not ("LC_ALL" or "LANGUAGE"))
                variables.Add(name + "=" + (entry.Value as string));
        }

        return variables;
    }
}
