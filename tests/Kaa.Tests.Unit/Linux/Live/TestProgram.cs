using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Kaa.Tests.Unit.Linux.Live;

/// <summary>
/// A C program of the folder <c>programs</c>, compiled once, running as a child of the tests. Not System.Diagnostics.Process, which waits for
/// children of its own accord.
/// </summary>
internal sealed partial class TestProgram : IDisposable
{
    private static readonly ConcurrentDictionary<string, Lazy<string>> Compiled = [];

    private readonly StreamWriter _input;
    private readonly StreamReader _output;
    private bool _reaped;

    private TestProgram(int pid, SafeFileHandle input, SafeFileHandle output)
    {
        Pid = pid;
        _input = new StreamWriter(new FileStream(input, FileAccess.Write, 0)) { AutoFlush = true };
        _output = new StreamReader(new FileStream(output, FileAccess.Read, 0));
    }

    public int Pid { get; }

    /// <summary>The numbers that follow "ready".</summary>
    public IReadOnlyList<ulong> Numbers { get; private set; } = [];

    /// <summary>Starts it and waits until it says that it is ready.</summary>
    public static TestProgram Start(string name, params string[] arguments) => StartFile(Compile(name), arguments);

    public static TestProgram StartFile(string path, params string[] arguments)
    {
        TestProgram program = LaunchFile(path, arguments);
        string[] words = program.ReadLine().Split(' ');
        words[0].ShouldBe("ready");
        program.Numbers = [.. words[1..].Select(word => ulong.Parse(word, CultureInfo.InvariantCulture))];
        return program;
    }

    /// <summary>Starts it and waits for nothing.</summary>
    public static TestProgram Launch(string name, params string[] arguments) => LaunchFile(Compile(name), arguments);

    private static TestProgram LaunchFile(string path, string[] arguments)
    {
        (SafeFileHandle inputRead, SafeFileHandle inputWrite) = Pipe();
        (SafeFileHandle outputRead, SafeFileHandle outputWrite) = Pipe();
        int pid = Spawn(path, [path, .. arguments], inputRead, outputWrite);
        inputRead.Dispose();
        outputWrite.Dispose();
        return new TestProgram(pid, inputWrite, outputRead);
    }

    public string ReadLine() => _output.ReadLine() ?? throw new EndOfStreamException("the test program has ended");

    public void WriteLine(string line) => _input.WriteLine(line);

    public void Signal(int signal) => Kill(Pid, signal).ShouldBe(0);

    /// <summary>Waits until the kernel says that it is stopped.</summary>
    public void WaitUntilStopped()
    {
        const int Untraced = 2;
        WaitPid(Pid, out int status, Untraced).ShouldBe(Pid);
        (status & 0xff).ShouldBe(0x7f);
    }

    /// <summary>"ready" is said a moment before the thread sleeps; waits until the kernel says that it does.</summary>
    public void WaitUntilAsleep(int tid)
    {
        while (ReadTask(tid, "syscall").StartsWith("running", StringComparison.Ordinal))
            System.Threading.Thread.Yield();
    }

    /// <summary>Waits for its end; its wait status.</summary>
    public int Reap() => TryReap().ShouldNotBeNull();

    /// <summary>The same; null where a look of this process was told of the end: parent and tracer are one here, and the kernel tells it once.</summary>
    public int? TryReap()
    {
        _reaped = true;
        return WaitPid(Pid, out int status, 0) == Pid ? status : null;
    }

    /// <summary>Closes its stdin, upon which it ends; its exit status.</summary>
    public int End()
    {
        _input.Dispose();
        return Reap();
    }

    public string ReadProc(string file) => File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{Pid}/{file}"));

    public string ReadTask(int tid, string file) => ReadProc(string.Create(CultureInfo.InvariantCulture, $"task/{tid}/{file}"));

    /// <summary>The value of a line of status.</summary>
    public string Status(int tid, string key)
    {
        string line = ReadTask(tid, "status").Split('\n').Single(line => line.StartsWith(key + ":", StringComparison.Ordinal));
        return line[(key.Length + 1)..].Trim();
    }

    public IReadOnlyList<int> Tids() => [.. Directory
        .EnumerateDirectories(string.Create(CultureInfo.InvariantCulture, $"/proc/{Pid}/task"))
        .Select(path => int.Parse(Path.GetFileName(path), CultureInfo.InvariantCulture))];

    public void Dispose()
    {
        if (!_reaped)
        {
            _ = Kill(Pid, 9);
            _ = Reap();
        }

        _input.Dispose();
        _output.Dispose();
    }

    /// <param name="more">Arguments for the compiler: other files, where headers are.</param>
    public static string Compile(string name, params string[] more) => Compiled.GetOrAdd(name, _ => new Lazy<string>(() => CompileOnce(name, more))).Value;

    private static string CompileOnce(string name, string[] more)
    {
        string source = Path.Combine(AppContext.BaseDirectory, "Linux", "programs", name + ".c");
        string output = Path.Combine(AppContext.BaseDirectory, "Linux", "programs", name);
        int compiler = Spawn("/usr/bin/cc", ["cc", "-O2", "-o", output, source, .. more, "-lpthread", "-lrt"], null, null);
        WaitPid(compiler, out int status, 0).ShouldBe(compiler);
        status.ShouldBe(0, "the C compiler failed");
        return output;
    }

    private static (SafeFileHandle Read, SafeFileHandle Write) Pipe()
    {
        const int CloseOnExec = 0x80000;
        int[] ends = new int[2];
        MakePipe(ends, CloseOnExec).ShouldBe(0);
        return (new SafeFileHandle(ends[0], true), new SafeFileHandle(ends[1], true));
    }

    private static int Spawn(string path, string?[] arguments, SafeFileHandle? input, SafeFileHandle? output)
    {
        byte[] actions = new byte[256]; // posix_spawn_file_actions_t: 80 bytes
        ActionsInit(actions).ShouldBe(0);
        if (input is not null)
            ActionsAddDup(actions, (int)input.DangerousGetHandle(), 0).ShouldBe(0);
        if (output is not null)
            ActionsAddDup(actions, (int)output.DangerousGetHandle(), 1).ShouldBe(0);
        SpawnProcess(out int pid, path, actions, 0, [.. arguments, null], ["PATH=/usr/bin:/bin", "LC_ALL=C", null]).ShouldBe(0);
        _ = ActionsDestroy(actions);
        return pid;
    }

    [DllImport("libc", EntryPoint = "pipe2")]
    private static extern int MakePipe([Out] int[] ends, int flags);

    [DllImport("libc", EntryPoint = "posix_spawn_file_actions_init")]
    private static extern int ActionsInit(byte[] actions);

    [DllImport("libc", EntryPoint = "posix_spawn_file_actions_destroy")]
    private static extern int ActionsDestroy(byte[] actions);

    [DllImport("libc", EntryPoint = "posix_spawn_file_actions_adddup2")]
    private static extern int ActionsAddDup(byte[] actions, int from, int to);

    [DllImport("libc", EntryPoint = "posix_spawn", CharSet = CharSet.Ansi, BestFitMapping = false)]
    private static extern int SpawnProcess(
        out int pid, string path, byte[] actions, nint attributes, string?[] arguments, string?[] environment);

    [DllImport("libc", EntryPoint = "waitpid")]
    private static extern int WaitPid(int pid, out int status, int options);

    [DllImport("libc", EntryPoint = "kill")]
    private static extern int Kill(int pid, int signal);
}
