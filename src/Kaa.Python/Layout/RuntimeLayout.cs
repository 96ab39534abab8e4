namespace Kaa.Python.Layout;

/// <summary><c>_PyRuntimeState</c> (3.7+), named as CPython names the fields. Before 3.7 its place was taken by static variables.</summary>
public sealed record RuntimeLayout
{
    /// <summary><c>initialized</c>: an int, 1 from the end of <c>Py_Initialize</c> on.</summary>
    public int initialized { get; init; } = Offset.Absent;

    /// <summary>The thread that finalizes, null until then.</summary>
    public int finalizing { get; init; } = Offset.Absent;

    /// <summary><c>interpreters.head</c>; <c>interpreters.main</c> is the word behind it.</summary>
    public int interpreters_head { get; init; } = Offset.Absent;

    /// <summary>Ident of the thread that initialized the runtime.</summary>
    public int main_thread { get; init; } = Offset.Absent;

    /// <summary><c>ceval.gil</c> itself, where there is one for the whole process (3.7–3.11).</summary>
    public int ceval_gil { get; init; } = Offset.Absent;

    /// <summary><c>gc.collecting</c> where there is one collector for the whole process (3.7, 3.8).</summary>
    public int gc_collecting { get; init; } = Offset.Absent;
}

/// <summary><c>struct _gil_runtime_state</c>.</summary>
public sealed record GilLayout
{
    /// <summary>The thread that holds the lock, or held it last.</summary>
    public int last_holder { get; init; } = Offset.Absent;

    /// <summary>An int: 1 while a thread holds the lock, −1 before it was made.</summary>
    public int locked { get; init; } = Offset.Absent;

    /// <summary>Free-threaded builds: an int, 0 while there is no GIL.</summary>
    public int enabled { get; init; } = Offset.Absent;
}
