using System.Globalization;
using Kaa.Linux.Proc;

namespace Kaa.Tests.Unit.Linux;

/// <summary>A tree of files that plays /proc: kernels and processes that this machine does not have.</summary>
internal sealed class FakeProc : IDisposable
{
    private readonly string _path = Directory.CreateTempSubdirectory("kaa-proc-").FullName;

    public FakeProc()
    {
        Root = new ProcRoot(_path);
        Write("self/status", Status(1000, uid: 1000));
    }

    public ProcRoot Root { get; }

    public FakeProc Write(string file, string text)
    {
        string path = Path.Combine(_path, file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        return this;
    }

    public FakeProc Write(int pid, string file, string text) => Write(string.Create(CultureInfo.InvariantCulture, $"{pid}/{file}"), text);

    public FakeProc Link(string file, string target)
    {
        string path = Path.Combine(_path, file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.CreateSymbolicLink(path, target);
        return this;
    }

    /// <summary>A process with one thread that sleeps.</summary>
    public FakeProc Process(int pid, string name = "python3", int parent = 1, char state = 'S', uint uid = 1000, uint flags = 0x400000)
    {
        Write(pid, "status", Status(pid, pid, uid, state, parent));
        Write(pid, "stat", Stat(pid, name, state, parent, flags));
        return Thread(pid, pid, name, state);
    }

    public FakeProc Thread(
        int pid, int tid, string name = "python3", char state = 'S', string call = "34 0x0 0x0 0x0 0x0 0x0 0x0 0x7ffe1000 0x7f001000\n",
        string schedStat = "1000 2000 3\n")
    {
        string folder = string.Create(CultureInfo.InvariantCulture, $"{pid}/task/{tid}/");
        Write(folder + "stat", Stat(tid, name, state, 1, 0x400000));
        Write(folder + "status", Status(tid, pid, 1000, state));
        Write(folder + "syscall", call);
        return Write(folder + "schedstat", schedStat);
    }

    public void Dispose() => Directory.Delete(_path, true);

    public static string Stat(int pid, string name, char state, int parent = 1, uint flags = 0x400000) => string.Create(
        CultureInfo.InvariantCulture,
        $"{pid} ({name}) {state} {parent} 1 1 0 -1 {flags} 0 0 0 0 250 50 0 0 20 0 1 0 500 1000000 100 18446744073709551615 1 1 1 1 1 0 0 0 0 0 0 0 17 0 0 0 0 0 0\n");

    public static string Status(
        int pid, int? threadGroup = null, uint uid = 1000, char state = 'S', int parent = 1, string namespacePids = "",
        ulong permitted = 0, ulong effective = 0, int seccomp = 0, int tracer = 0, uint gid = 1000, int voluntary = 5) => string.Create(
        CultureInfo.InvariantCulture,
        $"""
        Name:	python3
        State:	{state} (whatever)
        Tgid:	{threadGroup ?? pid}
        Pid:	{pid}
        PPid:	{parent}
        TracerPid:	{tracer}
        Uid:	{uid}	{uid}	{uid}	{uid}
        Gid:	{gid}	{gid}	{gid}	{gid}
        NSpid:	{pid}{(namespacePids.Length > 0 ? "\t" + namespacePids : "")}
        Threads:	1
        SigPnd:	0000000000000000
        ShdPnd:	0000000000000000
        SigBlk:	0000000000000000
        SigIgn:	0000000000000000
        SigCgt:	0000000000000000
        CapPrm:	{permitted:x16}
        CapEff:	{effective:x16}
        Seccomp:	{seccomp}
        voluntary_ctxt_switches:	{voluntary}
        nonvoluntary_ctxt_switches:	2

        """);
}
