using System.Buffers.Binary;
using System.Globalization;
using Kaa.Formats.ProcText;
using Kaa.Linux.Calls;
using Kaa.Linux.Files;
using Kaa.Linux.Proc;
using Kaa.Results;

namespace Kaa.Linux.Access;

/// <summary>What must hold before a process can be looked at; what does not is a <see cref="UserError"/> that says what to do.</summary>
public static class ProcessGate
{
    public const string ReplacedCode = "target-replaced";

    /// <summary>Is there such a process, with a program in it? Gives its leader's status.</summary>
    public static ProcessStatus RequireProcess(ProcRoot proc, int pid)
    {
        var text = new KernelText();
        if (pid <= 0 || !text.TryRead(proc.Of(pid, "status"), out ReadOnlySpan<byte> bytes) || bytes.IsEmpty)
            throw Missing(proc, pid);
        ProcessStatus status = StatusParser.Parse(bytes);
        if (status.ThreadGroup != pid && status.ThreadGroup > 0)
            throw IsThread(pid, status.ThreadGroup);
        if (text.TryRead(proc.Of(pid, "stat"), out bytes) && !bytes.IsEmpty && StatParser.Parse(bytes).IsKernelThread)
        {
            throw new UserError(
                "kernel-thread", Text(pid, $"is a thread of the kernel ({status.Name})"), "only programs can be looked at; kaa ps lists Python ones");
        }

        return status;
    }

    /// <summary>The first thread that has not exited: the leader may be a zombie while others go on.</summary>
    public static int RequireLivingThread(ProcRoot proc, ProcessStatus status)
    {
        if (!TaskState.HasEnded(status.State))
            return status.Pid;
        if (LivingThread(proc, status.Pid) is { } living)
            return living;
        throw new UserError(
            "zombie",
            Text(status.Pid, "is a zombie: it has exited, and its parent has not noticed"),
            string.Create(CultureInfo.InvariantCulture, $"nothing is left to be read; look at the parent, process {status.ParentPid}"));
    }

    /// <summary>Only 64-bit x86 programs have the registers, structures and calls that Kaa knows.</summary>
    public static void RequireArchitecture(ProcRoot proc, int pid, int tid)
    {
        using Descriptor? place = Descriptor.Open(proc.Of(tid, "exe"), OpenFlags.PathOnly);
        using RegularFile? file = place is null ? null : RootedPath.Reopen(place);
        Span<byte> header = stackalloc byte[20];
        if (file is null || file.ReadAtLeast(header, header.Length, false) < header.Length)
            return;
        if (ForeignArchitecture(header) is { } architecture)
        {
            throw new UserError(
                "foreign-architecture",
                Text(pid, $"is a program for {architecture}"),
                "Kaa reads 64-bit x86 programs only");
        }
    }

    /// <summary>Null for a 64-bit x86 program, and for what is no ELF file.</summary>
    internal static string? ForeignArchitecture(ReadOnlySpan<byte> header)
    {
        // e_ident[EI_CLASS] at 4, e_machine at 18 (System V ABI, chapter 4).
        if (!header.StartsWith("\x7f"u8) || !header[1..].StartsWith("ELF"u8))
            return null;
        int machine = BinaryPrimitives.ReadUInt16LittleEndian(header[18..]);
        return (header[4], machine) switch
        {
            (2, 62) => null,
            (1, 62) => "x32 (64-bit x86 with 32-bit pointers)",
            (1, 3) => "32-bit x86",
            (_, 183) => "64-bit ARM",
            (_, 40) => "32-bit ARM",
            (_, 243) => "RISC-V",
            _ => string.Create(CultureInfo.InvariantCulture, $"another processor (ELF machine {machine})"),
        };
    }

    /// <summary>What to throw when memory or maps can't be read.</summary>
    public static UserError Refused(ProcRoot proc, int pid, int error)
    {
        // Anything else is memory that went away under our hands.
        if (!Errno.IsPermission(error) && error != Errno.NoSystemCall || AccessFacts.Collect(proc, pid) is not { } facts)
            return Vanished(proc, pid);
        return AccessDenial.Of(facts, error).ToError(pid);
    }

    public static UserError Exited(int pid) => new("process-exited", Text(pid, "exited while it was being looked at"));

    public static UserError Replaced(int pid) => new(
        ReplacedCode, Text(pid, "began to run another program (exec) while it was being looked at"), "look again");

    /// <summary>After memory vanished: what became of the process?</summary>
    public static UserError Vanished(ProcRoot proc, int pid)
    {
        return LivingThread(proc, pid) is null ? Exited(pid) : Replaced(pid);
    }

    internal static int? LivingThread(ProcRoot proc, int pid)
    {
        using TaskDirectory? tasks = TaskDirectory.Open(proc, pid);
        var tids = new List<int>();
        if (tasks?.List(tids) != true)
            return null;
        foreach (int tid in tids)
        {
            if (tasks.Stat(tid) is { IsZombie: false, IsExiting: false })
                return tid;
        }

        return null;
    }

    private static UserError Missing(ProcRoot proc, int pid)
    {
        if (!Directory.Exists(proc.Of("self")))
            return new UserError("no-proc", $"{proc.Path} is not mounted", "mount it: mount -t proc proc /proc");
        if (pid > 0 && Libc.Kill(pid, 0) < 0 && Errno.Last == Errno.PermissionDenied)
        {
            return new UserError(
                "not-permitted", Text(pid, "is hidden: /proc is mounted with hidepid, and it belongs to another user"), "run it with sudo");
        }

        return new UserError(
            "no-such-process",
            string.Create(CultureInfo.InvariantCulture, $"there is no process {pid}"),
            "kaa ps lists the Python processes; a pid from inside a container is another one outside");
    }

    private static UserError IsThread(int tid, int pid) => new(
        "no-such-process",
        string.Create(CultureInfo.InvariantCulture, $"{tid} is a thread of process {pid}"),
        string.Create(CultureInfo.InvariantCulture, $"kaa bt {pid} --thread {tid}"));

    private static string Text(int pid, string what) => string.Create(CultureInfo.InvariantCulture, $"process {pid} {what}");
}
