using System.Globalization;
using Kaa.Formats.Cores;
using Kaa.Formats.ProcText;
using Kaa.Linux;
using Kaa.Linux.Access;
using Kaa.Linux.Files;
using Kaa.Linux.Proc;
using Kaa.Results;

namespace Kaa.Control.Cores;

/// <summary>The process that a core is made of, and what /proc says of it as a whole.</summary>
internal sealed class DumpedProcess : IDisposable
{
    private const int MostDescriptors = 1_000;

    private readonly KernelText _text = new();

    private DumpedProcess(ProcRoot proc, LiveTarget target, TaskDirectory tasks, int tid)
    {
        Proc = proc;
        Target = target;
        Tasks = tasks;
        Tid = tid;
        AuxiliaryVector = Read("auxv");
        Prefix = LiveFiles.Prefix(proc, tid);
        Descriptors = target.DescribeDescriptors(MostDescriptors);
    }

    /// <summary>The bytes of NT_AUXV. Like all that follows as of the beginning: the process may end while its copy is written.</summary>
    public byte[] AuxiliaryVector { get; }

    /// <summary>What stands before paths that the process does not see; empty for nothing.</summary>
    public string Prefix { get; }

    public Dictionary<int, string> Descriptors { get; }

    public ProcRoot Proc { get; }

    public LiveTarget Target { get; }

    public TaskDirectory Tasks { get; }

    public int Pid => Target.Info.Pid!.Value;

    /// <summary>A thread that lives: the leader may have ended.</summary>
    public int Tid { get; }

    public bool IsNested => Target.Info.ContainerPid is not null;

    /// <exception cref="UserError">As of <see cref="LiveTarget.Open(int)"/>; already-traced.</exception>
    /// <param name="isHeld">Its tracer is who asks.</param>
    public static DumpedProcess Open(int pid, ProcRoot proc, bool isHeld = false)
    {
        LiveTarget target = LiveTarget.Open(pid, proc);
        try
        {
            ProcessStatus status = ProcessGate.RequireProcess(proc, pid);
            int tid = ProcessGate.RequireLivingThread(proc, status);
            if (status.TracerPid != 0 && !isHeld)
                throw Traced(pid, status.TracerPid);
            TaskDirectory tasks = TaskDirectory.Open(proc, pid) ?? throw ProcessGate.Exited(pid);
            return new DumpedProcess(proc, target, tasks, tid);
        }
        catch
        {
            target.Dispose();
            throw;
        }
    }

    public static UserError Traced(int pid, int tracer) => new(
        "already-traced",
        string.Create(CultureInfo.InvariantCulture, $"process {pid} is traced by process {tracer}, and a process has one tracer only"),
        "let the other one go (in gdb: detach), or have it write the core (in gdb: generate-core-file)");

    public List<RangeUsage> ReadRanges(int tid)
    {
        if (!_text.TryRead(Proc.Of(tid, "smaps"), out ReadOnlySpan<byte> text) || text.IsEmpty)
            throw ProcessGate.Refused(Proc, Pid, _text.Error);
        return SmapsParser.Parse(text);
    }

    /// <summary>Threads of the whole machine that run or wait for a processor now; 1 where the kernel does not say.</summary>
    public int RunnableThreads() => _text.TryRead(Proc.Of("loadavg"), out ReadOnlySpan<byte> text) ? LoadText.Runnable(text) ?? 1 : 1;

    /// <summary>The bytes of a file of /proc/PID; empty where it can't be read.</summary>
    public byte[] Read(string file) => _text.TryRead(Proc.Of(Tid, file), out ReadOnlySpan<byte> text) ? text.ToArray() : [];

    public CoreWriterProcess Describe()
    {
        byte[] stat = Read("stat");
        if (stat.Length == 0)
            throw ProcessGate.Exited(Pid);
        ProcessStat of = StatParser.Parse(stat);
        ProcessStatus? status = Tasks.Status(Tid);
        return new CoreWriterProcess(
            Pid, of.ParentPid, of.ProcessGroup, of.Session, of.State, of.Flags, status?.Uid.Real ?? 0, status?.Gid.Real ?? 0, of.Name, Target.Info.Command);
    }

    public void Dispose()
    {
        Tasks.Dispose();
        Target.Dispose();
    }
}
