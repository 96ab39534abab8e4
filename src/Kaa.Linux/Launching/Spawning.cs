using Kaa.Linux.Calls;

namespace Kaa.Linux.Launching;

/// <summary>
/// One posix_spawn, on a thread of its own: the call returns only when the child runs its program, or has failed to, and the child is to be held before that.
/// </summary>
internal sealed unsafe class Spawning
{
    private const int FileActionsSize = 80; // sizeof(posix_spawn_file_actions_t), glibc x86-64
    private const int AttributesSize = 336; // sizeof(posix_spawnattr_t)
    private const int SignalSetSize = 128 / 8; // sizeof(sigset_t)
    private const short SetGroup = 2; // POSIX_SPAWN_SETPGROUP
    private const short SetDefaults = 4; // POSIX_SPAWN_SETSIGDEF

    private readonly System.Threading.Thread _thread;
    private volatile int _tid;
    private volatile bool _isDone;

    public Spawning(string path, LaunchRequest request, StartGate gate)
    {
        _thread = new System.Threading.Thread(() => Run(path, request, gate)) { Name = "spawn", IsBackground = true };
        _thread.Start();
    }

    /// <summary>Whose child it is; 0 before it has begun.</summary>
    public int Tid => _tid;

    public bool IsDone => _isDone;

    /// <summary>Once it is done: 0, or why the program could not be run.</summary>
    public int Error { get; private set; }

    /// <summary>Once it is done and well.</summary>
    public int Pid { get; private set; }

    public void Wait() => _thread.Join();

    private void Run(string path, LaunchRequest request, StartGate gate)
    {
        _tid = Libc.GetTid();
        byte* actions = stackalloc byte[FileActionsSize];
        byte* attributes = stackalloc byte[AttributesSize];
        _ = Libc.InitSpawnActions(actions);
        _ = Libc.InitSpawnAttributes(attributes);
        gate.AddTo(actions);
        SetAttributes(attributes, request.OwnGroup);
        using var program = new TextArray([path]);
        using var command = new TextArray(request.Command);
        using var environment = new EnvironmentBlock(request.Environment);
        int pid = 0;
        Error = Libc.Spawn(&pid, program.Pointers[0], actions, attributes, command.Pointers, environment.Pointers);
        Pid = pid;
        _ = Libc.DestroySpawnActions(actions);
        _ = Libc.DestroySpawnAttributes(attributes);
        _isDone = true;
    }

    /// <summary>.NET ignores SIGPIPE, and what is ignored stays so in the new program.</summary>
    private static void SetAttributes(byte* attributes, bool ownGroup)
    {
        ulong* signals = stackalloc ulong[SignalSetSize];
        new Span<ulong>(signals, SignalSetSize).Clear();
        signals[0] = 1ul << (13 - 1); // SIGPIPE
        _ = Libc.SetSpawnDefaults(attributes, signals);
        _ = Libc.SetSpawnFlags(attributes, ownGroup ? (short)(SetDefaults | SetGroup) : SetDefaults);
        if (ownGroup)
            _ = Libc.SetSpawnGroup(attributes, 0);
    }
}
