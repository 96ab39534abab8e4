using Kaa.Formats.ProcText;
using Kaa.Linux.Calls;
using Kaa.Linux.Proc;

namespace Kaa.Linux.Access;

/// <summary>What decides whether one process may read another (ptrace(2), "Ptrace access mode checking").</summary>
public sealed record AccessFacts
{
    public required ProcessStatus Self { get; init; }

    public required ProcessStatus Target { get; init; }

    /// <summary>kernel.yama.ptrace_scope; null where this kernel has no Yama.</summary>
    public int? YamaScope { get; init; }

    /// <summary>
    /// The target gave up being readable: it runs a setuid program or one with file capabilities, changed its user, or asked for it by prctl. Then
    /// the kernel gives its /proc files to root (task_dump_owner, fs/proc/base.c).
    /// </summary>
    public bool NonDumpable { get; init; }

    /// <summary>Null where it can't be known: the target's may not be read, and ours is the initial one.</summary>
    public bool? OtherUserNamespace { get; init; }

    /// <summary>An ancestor may always trace under Yama's scope 1.</summary>
    public bool IsDescendant { get; init; }

    /// <summary>We run in a container, where the missing right is one of the runtime's.</summary>
    public bool InContainer { get; init; }

    /// <summary>Null where the target is gone.</summary>
    public static AccessFacts? Collect(ProcRoot proc, int pid)
    {
        var text = new KernelText();
        if (!text.TryRead(proc.Of("self/status"), out ReadOnlySpan<byte> status))
            return null;
        ProcessStatus self = StatusParser.Parse(status);
        if (!text.TryRead(proc.Of(pid, "status"), out status))
            return null;
        ProcessStatus target = StatusParser.Parse(status);
        FileStatus? owner = Descriptor.Status(OpenFlags.CurrentDirectory, proc.Of(pid, "maps"), 0);
        return new AccessFacts
        {
            Self = self,
            Target = target,
            YamaScope = ReadYama(text, proc),
            NonDumpable = owner is { User: 0 } && target.Uid.Effective != 0,
            OtherUserNamespace = OtherNamespace(text, proc, pid),
            IsDescendant = IsBelow(text, proc, target, self.Pid),
            InContainer = File.Exists("/.dockerenv") || File.Exists("/run/.containerenv") || self.NamespacePids.Count > 1,
        };
    }

    private static int? ReadYama(KernelText text, ProcRoot proc)
    {
        if (!text.TryRead(proc.Of("sys/kernel/yama/ptrace_scope"), out ReadOnlySpan<byte> scope) || scope.IsEmpty)
            return null;
        return scope[0] - '0';
    }

    private static bool? OtherNamespace(KernelText text, ProcRoot proc, int pid)
    {
        string? ours = Descriptor.ReadLink(proc.Of("self/ns/user"));
        if (ours is not null && Descriptor.ReadLink(proc.Of(pid, "ns/user")) is { } theirs)
            return ours != theirs;

        // Whoever has rights over a process may read its link; who has them in a namespace of his own only may not.
        return text.TryRead(proc.Of("self/uid_map"), out ReadOnlySpan<byte> map) && !IsInitial(map) ? true : null;
    }

    /// <summary>The initial namespace maps all ids to themselves (user_namespaces(7)).</summary>
    private static bool IsInitial(ReadOnlySpan<byte> map)
    {
        string[] numbers = System.Text.Encoding.UTF8.GetString(map).Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries);
        return numbers is ["0", "0", "4294967295"];
    }

    private static bool IsBelow(KernelText text, ProcRoot proc, ProcessStatus target, int ancestor)
    {
        int parent = target.ParentPid;
        for (int depth = 0; depth < 100 && parent > 1; depth++)
        {
            if (parent == ancestor)
                return true;
            if (!text.TryRead(proc.Of(parent, "stat"), out ReadOnlySpan<byte> stat))
                return false;
            parent = StatParser.Parse(stat).ParentPid;
        }

        return false;
    }
}
