using System.Globalization;
using Kaa.Formats.ProcText;
using Kaa.Linux.Calls;
using Kaa.Results;

namespace Kaa.Linux.Access;

/// <summary>Why a process may not be read. Each has another remedy.</summary>
public enum DenialReason
{
    /// <summary>It belongs to somebody else.</summary>
    OtherUser,

    /// <summary>kernel.yama.ptrace_scope = 1: only ancestors may look.</summary>
    YamaDescendants,

    /// <summary>kernel.yama.ptrace_scope = 2: only with CAP_SYS_PTRACE.</summary>
    YamaAdministrators,

    /// <summary>kernel.yama.ptrace_scope = 3: nobody, until the next boot.</summary>
    YamaNobody,

    /// <summary>Root without CAP_SYS_PTRACE, as in a container.</summary>
    MissingCapability,

    /// <summary>setuid program, file capabilities, changed user or prctl(PR_SET_DUMPABLE, 0).</summary>
    NonDumpable,

    /// <summary>A seccomp filter of our own forbids the system calls.</summary>
    Seccomp,

    /// <summary>It lives in a user namespace that we have no rights in.</summary>
    UserNamespace,

    /// <summary>It holds capabilities that we lack (cap_ptrace_access_check, security/commoncap.c).</summary>
    MoreCapabilities,

    /// <summary>None of these: another security module (SELinux, AppArmor, Landlock), most likely.</summary>
    SecurityModule,
}

/// <summary>One reason, for a person, with what to do about it.</summary>
public sealed record AccessDenial(DenialReason Reason, string Message, string Hint)
{
    private const string ContainerHint =
        "grant it: docker run --cap-add SYS_PTRACE, or kubectl debug --profile=general; or run Kaa on the host, where it sees into containers";

    public UserError ToError(int pid) => new("not-permitted", $"process {pid} can't be read: {Message}", Hint);

    /// <summary>The first rule of the kernel that these facts break, in the kernel's own order (__ptrace_may_access, kernel/ptrace.c).</summary>
    /// <param name="error">What the kernel answered.</param>
    public static AccessDenial Of(AccessFacts facts, int error)
    {
        bool capable = Capabilities.Has(facts.Self.EffectiveCapabilities, Capabilities.Trace) && facts.OtherUserNamespace != true;
        bool filtered = facts.Self.Seccomp is SeccompMode.Filter or SeccompMode.Strict;
        if (filtered && (error == Errno.NoSystemCall || capable))
            return BySeccomp();
        if (facts.YamaScope == 3)
            return ByYama(3);
        if (capable)
            return ByModule(facts);
        return WithoutCapability(facts);
    }

    private static AccessDenial WithoutCapability(AccessFacts facts)
    {
        // Root elsewhere than in the initial namespace, or root whose capabilities were dropped: more rights, not another user, are what it takes.
        if (facts.OtherUserNamespace == true && Capabilities.Has(facts.Self.EffectiveCapabilities, Capabilities.Trace))
            return ByNamespace();
        if (facts.Self.Uid.Effective == 0)
            return ByCapability(facts);
        if (!SameUser(facts))
            return ByUser(facts);
        if (facts.NonDumpable)
            return ByDumpable();
        if (facts.OtherUserNamespace == true)
            return ByNamespace();
        if ((facts.Target.PermittedCapabilities & ~facts.Self.PermittedCapabilities) != 0)
            return ByMoreCapabilities(facts);
        if (facts.YamaScope == 2 || facts.YamaScope == 1 && !facts.IsDescendant)
            return ByYama(facts.YamaScope.Value);
        return ByModule(facts);
    }

    private static bool SameUser(AccessFacts facts)
    {
        // process_vm_readv compares our real ids with all three of the target's.
        (Credential uid, Credential gid) = (facts.Target.Uid, facts.Target.Gid);
        uint user = facts.Self.Uid.Real;
        uint group = facts.Self.Gid.Real;
        return uid.Real == user && uid.Effective == user && uid.Saved == user
            && gid.Real == group && gid.Effective == group && gid.Saved == group;
    }

    private static AccessDenial ByUser(AccessFacts facts)
    {
        (uint user, uint group) = (facts.Self.Uid.Real, facts.Self.Gid.Real);
        Credential uid = facts.Target.Uid;
        string message = (uid.Real, uid.Effective, uid.Saved) != (user, user, user)
            ? string.Create(CultureInfo.InvariantCulture, $"it runs as user {uid.Effective}, and Kaa as user {user}")
            : string.Create(CultureInfo.InvariantCulture, $"it runs as group {facts.Target.Gid.Effective}, and Kaa as group {group}");
        return new AccessDenial(DenialReason.OtherUser, message, "run it with sudo, or as that user and group");
    }

    private static AccessDenial ByCapability(AccessFacts facts) => new(
        DenialReason.MissingCapability,
        "Kaa runs as root, but without the capability CAP_SYS_PTRACE",
        facts.InContainer ? ContainerHint : "run it with CAP_SYS_PTRACE (capsh --print shows what this shell has)");

    private static AccessDenial ByDumpable() => new(
        DenialReason.NonDumpable,
        "it made itself unreadable to its own user (setuid program, file capabilities, changed user or PR_SET_DUMPABLE)",
        "run it with sudo: root may read it");

    private static AccessDenial ByNamespace() => new(
        DenialReason.UserNamespace,
        "it lives in another user namespace, in which Kaa has no rights",
        "run Kaa as root on the host, or inside that namespace (nsenter --target PID --user --pid --mount)");

    private static AccessDenial ByMoreCapabilities(AccessFacts facts) => new(
        DenialReason.MoreCapabilities,
        "it holds capabilities that Kaa lacks",
        facts.InContainer ? ContainerHint : "run it with sudo");

    private static AccessDenial BySeccomp() => new(
        DenialReason.Seccomp,
        "a seccomp filter on Kaa itself forbids process_vm_readv and ptrace",
        "in a container: docker run --cap-add SYS_PTRACE (or --security-opt seccomp=unconfined), "
        + "in Kubernetes securityContext.seccompProfile.type: Unconfined; or run Kaa on the host");

    private static AccessDenial ByYama(int scope) => scope switch
    {
        1 => new(
            DenialReason.YamaDescendants,
            "kernel.yama.ptrace_scope is 1, so that only a parent may look at its children",
            "run it with sudo, or allow it until the next boot: sudo sysctl kernel.yama.ptrace_scope=0"),
        2 => new(
            DenialReason.YamaAdministrators,
            "kernel.yama.ptrace_scope is 2, so that only root may look",
            "run it with sudo, or allow it until the next boot: sudo sysctl kernel.yama.ptrace_scope=0"),
        _ => new(
            DenialReason.YamaNobody,
            "kernel.yama.ptrace_scope is 3: nobody may look at another process, and that can't be undone without a reboot",
            "boot with kernel.yama.ptrace_scope below 3 (see /etc/sysctl.d)"),
    };

    private static AccessDenial ByModule(AccessFacts facts) => new(
        DenialReason.SecurityModule,
        "the kernel refuses, though user and capabilities would do: a security module (SELinux, AppArmor, Landlock) forbids it",
        facts.InContainer
            ? "look at the host's audit log; docker run --security-opt apparmor=unconfined, or run Kaa on the host"
            : "look at the audit log (ausearch -m avc, dmesg)");
}
