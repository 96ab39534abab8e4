using Kaa.Results;

namespace Kaa.Report;

/// <summary>The names of closed sets, as the contract spells them in JSON.</summary>
internal static class JsonNames
{
    public static string Of(ThreadState state) => state switch
    {
        ThreadState.Unknown => "unknown",
        ThreadState.Running => "running",
        ThreadState.Sleeping => "sleeping",
        ThreadState.Uninterruptible => "uninterruptible",
        ThreadState.Stopped => "stopped",
        ThreadState.Zombie => "zombie",
        _ => throw Unnamed(state),
    };

    public static string Of(TraceEventKind kind) => kind switch
    {
        TraceEventKind.Call => "call",
        TraceEventKind.Return => "return",
        TraceEventKind.Syscall => "syscall",
        _ => throw Unnamed(kind),
    };

    public static string Of(TargetKind kind) => kind switch
    {
        TargetKind.Process => "process",
        TargetKind.Core => "core",
        _ => throw Unnamed(kind),
    };

    public static string Of(LayoutSource source) => source switch
    {
        LayoutSource.DebugOffsets => "debug-offsets",
        LayoutSource.Dwarf => "dwarf",
        LayoutSource.Table => "table",
        _ => throw Unnamed(source),
    };

    public static string Of(Severity severity) => severity switch
    {
        Severity.Ok => "ok",
        Severity.Info => "info",
        Severity.Warning => "warning",
        Severity.Problem => "problem",
        _ => throw Unnamed(severity),
    };

    public static string Of(InterpreterPhase phase) => phase switch
    {
        InterpreterPhase.Starting => "starting",
        InterpreterPhase.Running => "running",
        InterpreterPhase.Finalizing => "finalizing",
        _ => throw Unnamed(phase),
    };

    public static string Of(VariableScope scope) => scope switch
    {
        VariableScope.Argument => "argument",
        VariableScope.Local => "local",
        VariableScope.Cell => "cell",
        VariableScope.Free => "free",
        _ => throw Unnamed(scope),
    };

    public static string Of(WaitKind kind) => kind switch
    {
        WaitKind.Gil => "gil",
        WaitKind.Lock => "lock",
        WaitKind.RLock => "rlock",
        WaitKind.Condition => "condition",
        WaitKind.Join => "join",
        WaitKind.Queue => "queue",
        WaitKind.Futex => "futex",
        WaitKind.Io => "io",
        WaitKind.Sleep => "sleep",
        WaitKind.Child => "child",
        _ => throw Unnamed(kind),
    };

    public static string Of(TaskKind kind) => kind switch
    {
        TaskKind.Asyncio => "asyncio",
        TaskKind.Trio => "trio",
        TaskKind.Greenlet => "greenlet",
        _ => throw Unnamed(kind),
    };

    public static string Of(TaskPhase state) => state switch
    {
        TaskPhase.Unknown => "unknown",
        TaskPhase.Running => "running",
        TaskPhase.Ready => "ready",
        TaskPhase.Pending => "pending",
        TaskPhase.Created => "created",
        _ => throw Unnamed(state),
    };

    public static string Of(ExecWay way) => way switch
    {
        ExecWay.RemoteExec => "remote-exec",
        ExecWay.PendingCall => "pending-call",
        _ => "parked-thread",
    };

    public static string Of(CoreWay way) => way switch
    {
        CoreWay.Snapshot => "snapshot",
        CoreWay.Plain => "plain",
        _ => throw Unnamed(way),
    };

    public static string Of(TaskAwaitKind kind) => kind switch
    {
        TaskAwaitKind.Task => "task",
        TaskAwaitKind.Future => "future",
        TaskAwaitKind.Other => "other",
        _ => throw Unnamed(kind),
    };

    private static ArgumentOutOfRangeException Unnamed(Enum value) => new(nameof(value), value, "has no name in JSON");
}
