namespace Kaa.Python.Layout;

/// <summary><c>PyThreadState</c>.</summary>
public sealed record ThreadStateLayout
{
    /// <summary>The list is linked both ways since 3.4.</summary>
    public int prev { get; init; } = Offset.Absent;

    public int next { get; init; } = Offset.Absent;

    public int interp { get; init; } = Offset.Absent;

    /// <summary>The innermost <c>PyFrameObject</c> (up to 3.10).</summary>
    public int frame { get; init; } = Offset.Absent;

    /// <summary>The innermost <c>_PyCFrame</c> (3.11, 3.12).</summary>
    public int cframe { get; init; } = Offset.Absent;

    /// <summary>The innermost <c>_PyInterpreterFrame</c> (3.13+).</summary>
    public int current_frame { get; init; } = Offset.Absent;

    /// <summary>The outermost one, which runs nothing (3.15+): a walk that does not end there was torn.</summary>
    public int base_frame { get; init; } = Offset.Absent;

    /// <summary>Above 0 while a function of <c>sys.settrace</c>, <c>sys.setprofile</c> or <c>sys.monitoring</c> runs, an int.</summary>
    public int tracing { get; init; } = Offset.Absent;

    /// <summary>What <c>threading.get_ident()</c> gives: the <c>pthread_t</c>.</summary>
    public int thread_id { get; init; } = Offset.Absent;

    /// <summary>The kernel's id in the thread's own pid namespace (3.11+).</summary>
    public int native_thread_id { get; init; } = Offset.Absent;

    /// <summary>The newest <c>_PyStackChunk</c> (3.11+).</summary>
    public int datastack_chunk { get; init; } = Offset.Absent;

    /// <summary>The thread's <c>dict</c> (<c>PyThreadState_GetDict</c>).</summary>
    public int dict { get; init; } = Offset.Absent;

    /// <summary><c>_status</c>: flags of the thread's life (3.12+).</summary>
    public int status { get; init; } = Offset.Absent;

    /// <summary><c>state</c>: attached, detached or suspended (3.13+), which tells in free-threaded builds who runs Python code.</summary>
    public int state { get; init; } = Offset.Absent;

    /// <summary>How many bytes to read for all of the fields above.</summary>
    public int Extent { get; init; }

    internal ThreadStateLayout WithExtent()
    {
        ReadOnlySpan<int> fields =
        [
            next, interp, frame, cframe, current_frame, base_frame, thread_id, native_thread_id, datastack_chunk, dict, state, status, tracing,
        ];
        return this with { Extent = Offset.Last(fields) + 8 };
    }
}

/// <summary><c>_PyCFrame</c> (3.11, 3.12): a variable of the C function that runs the frames.</summary>
public sealed record CFrameLayout
{
    public int current_frame { get; init; } = Offset.Absent;

    public int previous { get; init; } = Offset.Absent;
}

/// <summary><c>_PyStackChunk</c> (3.11+): a piece of the memory in which a thread's frames lie.</summary>
public sealed record StackChunkLayout
{
    public int previous { get; init; } = Offset.Absent;

    /// <summary>In bytes, this head included.</summary>
    public int size { get; init; } = Offset.Absent;

    public int data { get; init; } = Offset.Absent;
}
