namespace Kaa.Python.Layout;

/// <summary>
/// Where the fields of Python objects lie, and which form each kind of object has, for one version and flavour of CPython.
/// Offsets were read from the DWARF of release and debug builds of each version, and from the headers for free-threaded ones.
/// </summary>
public sealed partial record ObjectLayout
{
    /// <summary>The offset of a field that this version does not have.</summary>
    public const int Absent = -1;

    public required PythonVersion Version { get; init; }

    public required BuildFlavour Flavour { get; init; }

    public required UnicodeForm UnicodeForm { get; init; }

    public required LongForm LongForm { get; init; }

    public required DictForm DictForm { get; init; }

    public required DictValuesForm DictValuesForm { get; init; }

    public required ManagedDictForm ManagedDictForm { get; init; }

    public required PyObjectFields PyObject { get; init; }

    /// <summary>Offset of <c>ob_size</c> in objects of variable size.</summary>
    public required int ob_size { get; init; }

    public required PyTypeFields PyTypeObject { get; init; }

    public required PyHeapTypeFields PyHeapTypeObject { get; init; }

    public required PyUnicodeFields PyUnicodeObject { get; init; }

    public required PyLongFields PyLongObject { get; init; }

    /// <summary>Offset of <c>ob_sval</c> (2.7: in PyStringObject).</summary>
    public required int ob_sval { get; init; }

    /// <summary>Offset of a tuple's first item.</summary>
    public required int tuple_ob_item { get; init; }

    public required PyListFields PyListObject { get; init; }

    public required PyByteArrayFields PyByteArrayObject { get; init; }

    public required PyDictFields PyDictObject { get; init; }

    public required PyDictKeysFields PyDictKeysObject { get; init; }

    public required PySetFields PySetObject { get; init; }

    public required PyDescrFields PyDescrObject { get; init; }

    public required PyMemberDefFields PyMemberDef { get; init; }

    public required PyFunctionFields PyFunctionObject { get; init; }

    public required PyGenFields PyGenObject { get; init; }

    public required PyCodeNameFields PyCodeObject { get; init; }

    public required PyExceptionFields PyBaseExceptionObject { get; init; }

    public required DequeFields dequeobject { get; init; }

    public required LockFields lockobject { get; init; }

    /// <summary>sizeof(PyDictObject): where a subclass made in C (OrderedDict, defaultdict) keeps its own fields.</summary>
    public required int dict_size { get; init; }

    /// <summary>Offset of the managed dict's pointer from the object, negative; see <see cref="ManagedDictForm"/>.</summary>
    public required int managed_dict { get; init; }

    /// <summary>
    /// True for versions whose objects are known: 2.7 and from 3.6 on. A version later than the last known is read as that one.
    /// </summary>
    public static bool Knows(PythonVersion version) => version is { Major: 2, Minor: 7 } or { Major: 3, Minor: >= 6 };

    /// <exception cref="ArgumentOutOfRangeException">The version is not one that <see cref="Knows"/>.</exception>
    public static ObjectLayout For(PythonVersion version, BuildFlavour flavour)
    {
        int head = HeadSize(version, flavour);
        ObjectLayout layout = (version.Major, version.Minor) switch
        {
            (2, 7) => V27(head),
            (3, 6 or 7) => V36(head),
            (3, 8) => V38(head),
            (3, 9) => V39(head),
            (3, 10) => V310(head),
            (3, 11) => V311(head),
            (3, 12) => V312(head),
            (3, 13) => V313(head, version.Micro),
            (3, 14) => V314(head),
            (3, >= 15) => V315(head),
            _ => throw new ArgumentOutOfRangeException(nameof(version), version, "no layout of objects is known for this version"),
        };
        layout = layout with { Version = version, Flavour = flavour };
        return flavour.FreeThreaded ? FreeThreaded(layout) : layout;
    }

    /// <summary>
    /// 16 bytes (reference count, type); 32 where Py_TRACE_REFS links all objects (_PyObject_HEAD_EXTRA; a part of Py_DEBUG up to 3.7,
    /// gone in 3.13) or where the build is free-threaded (thread, flags, mutex, two counts, type; PEP 703).
    /// </summary>
    private static int HeadSize(PythonVersion version, BuildFlavour flavour)
    {
        bool linked = flavour.TraceRefs ? !version.AtLeast(3, 13) : flavour.Debug && !version.AtLeast(3, 8);
        return linked || flavour.FreeThreaded ? 32 : 16;
    }
}
