using System.Globalization;
using Kaa.Linux.Calls;
using Kaa.Linux.Tracing;

namespace Kaa.Linux.Launching;

/// <summary>
/// Kaa once more, as a child, for work that must come to an orderly end even if Kaa is killed: the child sees that by a pipe whose other end only its parent has (<see cref="ParentLife"/>).
/// It has the same arguments, descriptors and environment; what tells it apart is its name.
/// </summary>
public sealed unsafe class OwnCopy : IDisposable
{
    /// <summary>Its argv[0], without the pipe's number.</summary>
    internal const string Name = "kaa-watched-";

    private const int FileActionsSize = 80; // sizeof(posix_spawn_file_actions_t), glibc x86-64

    private readonly Descriptor _pipe;

    private OwnCopy(int pid, Descriptor pipe)
    {
        Pid = pid;
        _pipe = pipe;
    }

    public int Pid { get; }

    /// <summary>Null where it can't be started: then the work is to be done here.</summary>
    /// <param name="arguments">Without the program's name.</param>
    public static OwnCopy? Start(IReadOnlyList<string> arguments)
    {
        if (!Descriptor.TryMakePipe(out Descriptor? reader, out Descriptor? writer))
            return null;
        using Descriptor inherited = reader;
        byte* actions = stackalloc byte[FileActionsSize];
        _ = Libc.InitSpawnActions(actions);

        // A copy onto itself takes its close-on-exec away.
        _ = Libc.AddSpawnDuplicate(actions, inherited.Number, inherited.Number);
        using var path = new TextArray(["/proc/self/exe"]);
        using var command = new TextArray([Name + inherited.Number.ToString(CultureInfo.InvariantCulture), .. arguments]);
        using var environment = new EnvironmentBlock(null);
        int pid;
        int error = Libc.Spawn(&pid, path.Pointers[0], actions, null, command.Pointers, environment.Pointers);
        _ = Libc.DestroySpawnActions(actions);
        if (error == 0)
            return new OwnCopy(pid, writer);
        writer.Dispose();
        return null;
    }

    /// <summary>Has it come to its end in order. May be called again.</summary>
    public void AskToEnd()
    {
        byte anything = 0;
        _ = Libc.Write(_pipe.Number, &anything, 1);
    }

    /// <summary>To it Kaa is gone.</summary>
    public void Abandon() => _pipe.Dispose();

    /// <summary>Its exit status, or 128 and the signal that ended it.</summary>
    public int Wait() => SyscallTracing.WaitForEnd(Pid);

    public void Dispose() => _pipe.Dispose();
}
