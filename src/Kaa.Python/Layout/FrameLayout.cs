namespace Kaa.Python.Layout;

/// <summary><c>_PyInterpreterFrame</c> (3.11+).</summary>
public sealed record FrameLayout
{
    /// <summary><c>f_code</c>; <c>f_executable</c> since 3.13, with bits of its own at the low end since 3.14.</summary>
    public int f_executable { get; init; } = Offset.Absent;

    public int previous { get; init; } = Offset.Absent;

    /// <summary><c>f_func</c>; <c>f_funcobj</c> since 3.12.</summary>
    public int f_funcobj { get; init; } = Offset.Absent;

    public int f_globals { get; init; } = Offset.Absent;

    public int f_locals { get; init; } = Offset.Absent;

    /// <summary>The <c>PyFrameObject</c> that was made for it, or null.</summary>
    public int frame_obj { get; init; } = Offset.Absent;

    /// <summary><c>prev_instr</c>; <c>instr_ptr</c> since 3.13.</summary>
    public int instr_ptr { get; init; } = Offset.Absent;

    /// <summary>Address of the first free slot of the value stack (3.14+). Before, the depth is not in memory while the frame runs.</summary>
    public int stackpointer { get; init; } = Offset.Absent;

    /// <summary>Which copy of the bytecode <see cref="instr_ptr"/> points into (free-threaded, 3.14+), an int.</summary>
    public int tlbc_index { get; init; } = Offset.Absent;

    /// <summary>A byte, 1 where a C call of the eval function began with this frame (3.11).</summary>
    public int is_entry { get; init; } = Offset.Absent;

    /// <summary>A byte, <c>enum _frameowner</c>.</summary>
    public int owner { get; init; } = Offset.Absent;

    public int localsplus { get; init; } = Offset.Absent;
}

/// <summary><c>PyFrameObject</c>: the frame itself up to 3.10, since then made on request beside it.</summary>
public sealed record FrameObjectLayout
{
    /// <summary>Up to 3.10.</summary>
    public int f_back { get; init; } = Offset.Absent;

    public int f_code { get; init; } = Offset.Absent;

    public int f_globals { get; init; } = Offset.Absent;

    public int f_locals { get; init; } = Offset.Absent;

    /// <summary>First slot of the value stack (up to 3.10).</summary>
    public int f_valuestack { get; init; } = Offset.Absent;

    public int f_trace { get; init; } = Offset.Absent;

    /// <summary>How many blocks (loops, try, with) the frame is in, an int (up to 3.10).</summary>
    public int f_iblock { get; init; } = Offset.Absent;

    /// <summary>Twenty <c>PyTryBlock</c>s (up to 3.10).</summary>
    public int f_blockstack { get; init; } = Offset.Absent;

    public int f_lasti { get; init; } = Offset.Absent;

    /// <summary>An int; counts only while a tracer looks at the frame.</summary>
    public int f_lineno { get; init; } = Offset.Absent;

    /// <summary>A byte: 1 while it runs (3.6 to 3.9).</summary>
    public int f_executing { get; init; } = Offset.Absent;

    /// <summary>A byte: 1 unless a tracer did not want lines (3.7 to 3.10).</summary>
    public int f_trace_lines { get; init; } = Offset.Absent;

    /// <summary>The generator that the frame is of (3.6 to 3.10).</summary>
    public int f_gen { get; init; } = Offset.Absent;

    public int f_localsplus { get; init; } = Offset.Absent;
}
