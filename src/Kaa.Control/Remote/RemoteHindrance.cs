using Kaa.Formats.ProcText;

namespace Kaa.Control.Remote;

/// <summary>Why no system call can be made in a process. Each is found out before anything is changed.</summary>
/// <param name="Code">Stable, kebab-case.</param>
/// <param name="Message">What is so, for a person: goes on after "because ".</param>
public sealed record RemoteHindrance(string Code, string Message)
{
    public static RemoteHindrance NoRoom { get; } = new("no-room", "no mapped program has room for Kaa's code behind its own");

    public static RemoteHindrance NotWritable { get; } = new("not-writable", "the kernel does not let Kaa write into the process's code");

    public static RemoteHindrance NoThread { get; } = new("no-thread", "none of its threads can be borrowed for it now (each waits for a vfork child, handles a signal, or could not be stopped)");

    public static RemoteHindrance Busy { get; } = new("busy", "another Kaa is at work in it");

    public static RemoteHindrance Frozen { get; } = new("frozen", "its control group is frozen");

    /// <summary>What a thread's own state forbids; null for nothing.</summary>
    public static RemoteHindrance? Of(ProcessStatus status) => status switch
    {
        { Seccomp: SeccompMode.Strict } => new("seccomp", "it is in strict seccomp mode, which would kill it"),
        { ShadowStack: true } => new("shadow-stack", "it has a shadow stack"),
        _ => null,
    };
}
