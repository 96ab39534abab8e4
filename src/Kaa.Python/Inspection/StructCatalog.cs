using Kaa.Python.Layout;

namespace Kaa.Python.Inspection;

public enum StructFieldKind
{
    /// <summary>Points to a struct of the catalogue.</summary>
    Pointer,

    /// <summary>Points to text of C.</summary>
    Text,
    Signed,
    Unsigned,
}

/// <param name="Offset">From the struct's start, in bytes.</param>
/// <param name="Size">In bytes: 1, 2, 4 or 8.</param>
/// <param name="PointsTo">The struct that a pointer points to; null for others.</param>
public sealed record StructField(string Name, int Offset, int Size, StructFieldKind Kind, string? PointsTo = null);

/// <summary>A struct of CPython's, with the fields that Kaa knows of this version, in order of their offsets.</summary>
public sealed record PyStruct(string Name, IReadOnlyList<StructField> Fields);

/// <summary>CPython's structs by name, as the layouts of one process have them: for a debugger's casts.</summary>
public sealed class StructCatalog
{
    private readonly Dictionary<string, PyStruct> _structs = new(StringComparer.Ordinal);
    private readonly ObjectLayout _objects;
    private readonly PyLayout _layout;

    public StructCatalog(PythonProcess process)
        : this(process.Layout, process.ObjectLayout)
    {
    }

    internal StructCatalog(PyLayout layout, ObjectLayout objects)
    {
        _layout = layout;
        _objects = objects;
        AddObjects();
        AddCode();
        AddThreads();
    }

    public IEnumerable<string> Names => _structs.Keys;

    /// <summary>By its name, or the tag that its typedef stands for (<c>struct _object</c>, <c>_frame</c>, <c>_ts</c>, <c>_is</c>); null where it is not known.</summary>
    public PyStruct? Find(string name) => _structs.GetValueOrDefault(name switch
    {
        "_object" => "PyObject",
        "_typeobject" => "PyTypeObject",
        "_frame" => "PyFrameObject",
        "_ts" => "PyThreadState",
        "_is" => "PyInterpreterState",
        "_longobject" => "PyLongObject",
        _ => name,
    });

    private void AddObjects()
    {
        PyTypeFields type = _objects.PyTypeObject;
        Add("PyObject", []);
        Add("PyVarObject", [Number("ob_size", _objects.ob_size)]);
        Add("PyTypeObject",
        [
            Number("ob_size", _objects.ob_size), Text("tp_name", type.tp_name), Number("tp_basicsize", type.tp_basicsize), Number("tp_itemsize", type.tp_itemsize),
            Pointer("tp_repr", type.tp_repr, "void"), Bits("tp_flags", type.tp_flags), Pointer("tp_members", type.tp_members, "void"),
            Pointer("tp_base", type.tp_base, "PyTypeObject"), Object("tp_dict", type.tp_dict), Number("tp_dictoffset", type.tp_dictoffset), Object("tp_mro", type.tp_mro),
        ]);
        Add("PyLongObject", [_objects.Version.AtLeast(3, 12) ? Bits("lv_tag", _objects.PyLongObject.size) : Number("ob_size", _objects.PyLongObject.size), Bits("ob_digit", _objects.PyLongObject.ob_digit, 4)]);
        Add("PyListObject", [Number("ob_size", _objects.ob_size), Pointer("ob_item", _objects.PyListObject.ob_item, "PyObject*"), Number("allocated", _objects.PyListObject.allocated)]);
        Add("PyTupleObject", [Number("ob_size", _objects.ob_size), Object("ob_item", _objects.tuple_ob_item)]);
        Add("PyBytesObject", [Number("ob_size", _objects.ob_size)]);
        Add("PyUnicodeObject", [Number("length", _objects.PyUnicodeObject.length), Bits("state", _objects.PyUnicodeObject.state, 4)]);
        PyDictFields dict = _objects.PyDictObject;
        Add("PyDictObject", [Number("ma_used", dict.ma_used), Pointer("ma_keys", dict.ma_keys, "void"), Pointer("ma_values", dict.ma_values, "void"), Number("ma_mask", dict.ma_mask), Pointer("ma_table", dict.ma_table, "void")]);
        PyFunctionFields function = _objects.PyFunctionObject;
        Add("PyFunctionObject", [Object("func_name", function.func_name), Object("func_qualname", function.func_qualname), Pointer("func_code", _layout.Callable.func_code, "PyCodeObject")]);
        Add("PyCFunctionObject", [Pointer("m_ml", _layout.Callable.m_ml, "void"), Object("m_self", _layout.Callable.m_self), Object("m_module", _layout.Callable.m_module)]);
    }

    private void AddCode()
    {
        CodeLayout code = _layout.Code;
        bool tables = !_objects.Version.AtLeast(3, 10);
        Add("PyCodeObject",
        [
            Number("co_argcount", code.co_argcount, 4), Number("co_kwonlyargcount", code.co_kwonlyargcount, 4), Number("co_nlocals", code.co_nlocals, 4),
            Number("co_stacksize", code.co_stacksize, 4), Bits("co_flags", code.co_flags, 4), Number("co_firstlineno", code.co_firstlineno, 4),
            Object("co_names", code.co_names), Number("co_nlocalsplus", code.co_nlocalsplus, 4), Object("co_varnames", code.co_varnames),
            Object("co_freevars", code.co_freevars), Object("co_cellvars", code.co_cellvars), Object("co_localsplusnames", code.co_localsplusnames),
            Object("co_localspluskinds", code.co_localspluskinds), Object("co_filename", code.co_filename), Object("co_name", code.co_name),
            Object("co_qualname", code.co_qualname), Object(tables ? "co_lnotab" : "co_linetable", code.co_linetable), Object("co_exceptiontable", code.co_exceptiontable),
            Object("co_code", code.co_code),
        ]);
        FrameObjectLayout old = _layout.FrameObject;
        Add("PyFrameObject",
        [
            Pointer("f_back", old.f_back, "PyFrameObject"), Pointer("f_code", old.f_code, "PyCodeObject"), Object("f_globals", old.f_globals), Object("f_locals", old.f_locals),
            Pointer("f_valuestack", old.f_valuestack, "PyObject*"), Object("f_trace", old.f_trace), Number("f_lasti", old.f_lasti, 4), Number("f_lineno", old.f_lineno, 4),
            Number("f_iblock", old.f_iblock, 4), Object("f_localsplus", old.f_localsplus),
        ]);
        FrameLayout frame = _layout.Frame;
        if (frame.previous == Offset.Absent)
            return;
        AddPlain("_PyInterpreterFrame",
        [
            _objects.Version.AtLeast(3, 13) ? Object("f_executable", frame.f_executable) : Pointer("f_code", frame.f_executable, "PyCodeObject"),
            Pointer("previous", frame.previous, "_PyInterpreterFrame"), Object(_objects.Version.AtLeast(3, 12) ? "f_funcobj" : "f_func", frame.f_funcobj), Object("f_globals", frame.f_globals),
            Object("f_locals", frame.f_locals), Pointer("frame_obj", frame.frame_obj, "PyFrameObject"), Pointer(_objects.Version.AtLeast(3, 13) ? "instr_ptr" : "prev_instr", frame.instr_ptr, "void"),
            Pointer("stackpointer", frame.stackpointer, "void"), Number("is_entry", frame.is_entry, 1), Number("owner", frame.owner, 1), Object("localsplus", frame.localsplus),
        ]);
    }

    private void AddThreads()
    {
        ThreadStateLayout thread = _layout.Thread;
        AddPlain("PyThreadState",
        [
            Pointer("prev", thread.prev, "PyThreadState"), Pointer("next", thread.next, "PyThreadState"), Pointer("interp", thread.interp, "PyInterpreterState"),
            Pointer("frame", thread.frame, "PyFrameObject"), Pointer("cframe", thread.cframe, "void"), Pointer("current_frame", thread.current_frame, "_PyInterpreterFrame"),
            Number("tracing", thread.tracing, 4), Bits("thread_id", thread.thread_id), Bits("native_thread_id", thread.native_thread_id),
            Pointer("datastack_chunk", thread.datastack_chunk, "void"), Object("dict", thread.dict),
        ]);
        InterpreterLayout interpreter = _layout.Interpreter;
        AddPlain("PyInterpreterState",
        [
            Pointer("next", interpreter.next, "PyInterpreterState"), Number("id", interpreter.id), Pointer("threads_head", interpreter.threads_head, "PyThreadState"),
            Object("modules", interpreter.modules), Object("sysdict", interpreter.sysdict), Object("builtins", interpreter.builtins), Number("gc_collecting", interpreter.gc_collecting, 4),
        ]);
    }

    /// <summary>An object: with the head that all have.</summary>
    private void Add(string name, StructField[] fields) =>
        AddPlain(name, [.. Head(), .. fields]);

    private StructField[] Head() => _objects.Flavour.FreeThreaded
        ?
        [
            // Include/object.h: ob_tid, ob_flags, ob_mutex, ob_gc_bits, ob_ref_local, ob_ref_shared.
            Bits("ob_tid", 0), Bits("ob_ref_local", 12, 4), Number("ob_ref_shared", 16), Pointer("ob_type", _objects.PyObject.ob_type, "PyTypeObject"),
        ]
        : [Number("ob_refcnt", _objects.PyObject.ob_type - 8, IsSplit ? 4 : 8), Pointer("ob_type", _objects.PyObject.ob_type, "PyTypeObject")];

    /// <summary>3.14 and later keep flags in the upper half of the count (Include/refcount.h).</summary>
    private bool IsSplit => _objects.Version.AtLeast(3, 14);

    private void AddPlain(string name, StructField[] fields)
    {
        var known = new List<StructField>(fields.Length);
        foreach (StructField field in fields)
        {
            if (field.Offset != Offset.Absent)
                known.Add(field);
        }

        known.Sort((left, right) => left.Offset.CompareTo(right.Offset));
        _structs[name] = new PyStruct(name, known);
    }

    private static StructField Number(string name, int offset, int size = 8) => new(name, offset, size, StructFieldKind.Signed);

    private static StructField Bits(string name, int offset, int size = 8) => new(name, offset, size, StructFieldKind.Unsigned);

    private static StructField Text(string name, int offset) => new(name, offset, 8, StructFieldKind.Text);

    private static StructField Object(string name, int offset) => Pointer(name, offset, "PyObject");

    private static StructField Pointer(string name, int offset, string to) => new(name, offset, 8, StructFieldKind.Pointer, to);
}
