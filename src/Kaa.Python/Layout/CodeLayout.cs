namespace Kaa.Python.Layout;

/// <summary><c>PyCodeObject</c>.</summary>
public sealed record CodeLayout
{
    public int co_argcount { get; init; } = Offset.Absent;

    /// <summary>Absent in 2.7.</summary>
    public int co_kwonlyargcount { get; init; } = Offset.Absent;

    public int co_nlocals { get; init; } = Offset.Absent;

    public int co_stacksize { get; init; } = Offset.Absent;

    public int co_flags { get; init; } = Offset.Absent;

    public int co_firstlineno { get; init; } = Offset.Absent;

    /// <summary>Tuple of the names that instructions refer to.</summary>
    public int co_names { get; init; } = Offset.Absent;

    /// <summary>Number of locals, cells and free variables (3.11+).</summary>
    public int co_nlocalsplus { get; init; } = Offset.Absent;

    /// <summary>Tuple of names (up to 3.10), as are the next two.</summary>
    public int co_varnames { get; init; } = Offset.Absent;

    public int co_freevars { get; init; } = Offset.Absent;

    public int co_cellvars { get; init; } = Offset.Absent;

    /// <summary>Tuple of names (3.11+).</summary>
    public int co_localsplusnames { get; init; } = Offset.Absent;

    /// <summary>Bytes, one for each name (3.11+).</summary>
    public int co_localspluskinds { get; init; } = Offset.Absent;

    public int co_filename { get; init; } = Offset.Absent;

    public int co_name { get; init; } = Offset.Absent;

    /// <summary>3.11+.</summary>
    public int co_qualname { get; init; } = Offset.Absent;

    /// <summary><c>co_lnotab</c> up to 3.9.</summary>
    public int co_linetable { get; init; } = Offset.Absent;

    /// <summary>Bytes (3.11+).</summary>
    public int co_exceptiontable { get; init; } = Offset.Absent;

    /// <summary>Index of the first instruction that a tracer sees (3.11+), an int.</summary>
    public int _co_firsttraceable { get; init; } = Offset.Absent;

    /// <summary>Pointer to what tools that watch the code have put aside (3.12+); null while there are none.</summary>
    public int _co_monitoring { get; init; } = Offset.Absent;

    /// <summary>The bytecode as a bytes object (up to 3.10).</summary>
    public int co_code { get; init; } = Offset.Absent;

    /// <summary>The bytecode itself (3.11+).</summary>
    public int co_code_adaptive { get; init; } = Offset.Absent;

    /// <summary>Pointer to the threads' copies of the bytecode (free-threaded, 3.14+).</summary>
    public int co_tlbc { get; init; } = Offset.Absent;

    /// <summary>How many bytes to read for all of the fields above but the bytecode.</summary>
    public int Extent { get; init; }

    internal CodeLayout WithExtent()
    {
        ReadOnlySpan<int> fields =
        [
            co_argcount, co_flags, co_firstlineno, co_varnames, co_freevars, co_cellvars, co_localsplusnames, co_localspluskinds, co_filename,
            co_name, co_qualname, co_linetable, co_exceptiontable, _co_firsttraceable, co_code, co_tlbc,
        ];
        return this with { Extent = co_code_adaptive != Offset.Absent ? co_code_adaptive : Offset.Last(fields) + 8 };
    }
}

/// <summary>Objects that Python calls: what their names and code are.</summary>
public sealed record CallableLayout
{
    /// <summary><c>PyFunctionObject.func_code</c>.</summary>
    public int func_code { get; init; } = Offset.Absent;

    /// <summary><c>PyFunctionObject.func_qualname</c> (3.3+); absent in 2.7.</summary>
    public int func_qualname { get; init; } = Offset.Absent;

    /// <summary><c>PyCFunctionObject.m_ml</c>, a <c>PyMethodDef</c>, which begins with its name.</summary>
    public int m_ml { get; init; } = Offset.Absent;

    public int m_self { get; init; } = Offset.Absent;

    /// <summary>A str, or whatever the module has as its name; null for methods.</summary>
    public int m_module { get; init; } = Offset.Absent;

    /// <summary><c>PyMethodDescrObject.d_common.d_type</c>.</summary>
    public int d_type { get; init; } = Offset.Absent;

    /// <summary><c>PyMethodDescrObject.d_method</c>, a <c>PyMethodDef</c>.</summary>
    public int d_method { get; init; } = Offset.Absent;

    /// <summary><c>PyMethodObject.im_func</c>.</summary>
    public int im_func { get; init; } = Offset.Absent;

    /// <summary><c>PyMethodObject.im_self</c>.</summary>
    public int im_self { get; init; } = Offset.Absent;
}
