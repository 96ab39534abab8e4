namespace Kaa.Python.Layout;

/// <summary><c>PyInterpreterState</c>.</summary>
public sealed record InterpreterLayout
{
    public int next { get; init; } = Offset.Absent;

    /// <summary>A number of 64 bits; absent before 3.7.</summary>
    public int id { get; init; } = Offset.Absent;

    /// <summary><c>tstate_head</c>; <c>threads.head</c> since 3.11.</summary>
    public int threads_head { get; init; } = Offset.Absent;

    /// <summary>Pointer to <c>_PyRuntime</c> (3.9+).</summary>
    public int runtime { get; init; } = Offset.Absent;

    /// <summary><c>modules</c>; <c>imports.modules</c> since 3.12.</summary>
    public int modules { get; init; } = Offset.Absent;

    public int sysdict { get; init; } = Offset.Absent;

    public int builtins { get; init; } = Offset.Absent;

    /// <summary><c>gc.collecting</c>, an int (3.9+).</summary>
    public int gc_collecting { get; init; } = Offset.Absent;

    /// <summary><c>gc.frame</c>: the frame in which the collection began (3.15+).</summary>
    public int gc_frame { get; init; } = Offset.Absent;

    /// <summary><c>ceval.gil</c>, a pointer: its own, or the main interpreter's (3.12+).</summary>
    public int ceval_gil { get; init; } = Offset.Absent;

    /// <summary><c>config.remote_debug</c>, an int: may others ask it to run a script (PEP 768, 3.14+)?</summary>
    public int remote_debug { get; init; } = Offset.Absent;
}
