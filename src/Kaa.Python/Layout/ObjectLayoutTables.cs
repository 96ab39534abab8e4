namespace Kaa.Python.Layout;

// One table a version, each showing only what changed since the one before. `o` is the size of the object's head, so that every
// table serves all flavours of its version.
public sealed partial record ObjectLayout
{
    private static PyTypeFields TypeFields(int o, int size) => new(
        tp_name: o + 8, tp_basicsize: o + 16, tp_itemsize: o + 24, tp_repr: o + 72, tp_flags: o + 152, tp_members: o + 224,
        tp_base: o + 240, tp_dict: o + 248, tp_dictoffset: o + 272, tp_mro: o + 328, size: o + size);

    /// <summary>Heap types end with names and cached keys, behind tables of methods whose size differs by version.</summary>
    private static PyHeapTypeFields HeapTypeFields(int ht_name) => new(ht_name, ht_qualname: ht_name + 16, ht_cached_keys: ht_name + 24);

    private static ObjectLayout V27(int o) => new()
    {
        Version = new PythonVersion(2, 7),
        Flavour = default,
        UnicodeForm = UnicodeForm.PyUnicodeArray,
        LongForm = LongForm.SignedSize,
        DictForm = DictForm.HashTable,
        DictValuesForm = DictValuesForm.KeyOrder,
        ManagedDictForm = ManagedDictForm.None,
        PyObject = new(ob_type: o - 8, size: o),
        ob_size = o,
        PyTypeObject = TypeFields(o, size: 376),
        PyHeapTypeObject = new(ht_name: o + 840, ht_qualname: Absent, ht_cached_keys: Absent),
        PyUnicodeObject = new(
            length: o, state: Absent, kind_shift: Absent, ascii_size: Absent, compact_size: Absent, data: o + 8, wstr: Absent,
            wstr_length: Absent, Py_UNICODE_SIZE: 4),
        PyLongObject = new(size: o, ob_digit: o + 8, PyLong_SHIFT: 30),
        ob_sval = o + 20,
        tuple_ob_item = o + 8,
        PyListObject = new(ob_item: o + 8, allocated: o + 16),
        PyByteArrayObject = new(ob_start: o + 24),
        PyDictObject = new(ma_used: o + 8, ma_keys: Absent, ma_values: Absent, ma_mask: o + 16, ma_table: o + 24),
        PyDictKeysObject = new(Absent, Absent, Absent, Absent, Absent, Absent),
        PySetObject = new(used: o + 8, mask: o + 16, table: o + 24, key: 8),
        PyDescrObject = new(d_type: o, d_name: o + 8),
        PyMemberDef = new(name: 0, type: 8, offset: 16, size: 40),
        PyFunctionObject = new(func_name: o + 40, func_qualname: Absent),
        PyGenObject = new(gi_qualname: Absent, gi_code: o + 16),
        PyCodeObject = new(co_name: o + 72, co_filename: o + 64, co_firstlineno: o + 80),
        PyBaseExceptionObject = new(args: o + 8, name: Absent, path: Absent),
        dequeobject = new(leftblock: o, leftindex: o + 16, len: o + 32, maxlen: o + 48, data: 0, rightlink: 496, BLOCKLEN: 62),
        lockobject = new(locked: Absent, rlock_owner: Absent, rlock_count: Absent, rlock_mutex: Absent),
        dict_size = o + 232,
        managed_dict = Absent,
    };

    private static ObjectLayout V36(int o) => V27(o) with
    {
        UnicodeForm = UnicodeForm.FlexibleWithWstr,
        DictForm = DictForm.Compact,
        PyTypeObject = TypeFields(o, size: 384),
        PyHeapTypeObject = HeapTypeFields(ht_name: o + 816),
        PyUnicodeObject = new(
            length: o, state: o + 16, kind_shift: 2, ascii_size: o + 32, compact_size: o + 56, data: o + 56, wstr: o + 24,
            wstr_length: o + 48, Py_UNICODE_SIZE: Absent),
        ob_sval = o + 16,
        PyDictObject = new(ma_used: o, ma_keys: o + 16, ma_values: o + 24, ma_mask: Absent, ma_table: Absent),
        PyDictKeysObject = new(
            dk_size: 8, dk_log2_size: Absent, dk_log2_index_bytes: Absent, dk_kind: Absent, dk_nentries: 32, dk_indices: 40),
        PySetObject = new(used: o + 8, mask: o + 16, table: o + 24, key: 0),
        PyFunctionObject = new(func_name: o + 48, func_qualname: o + 88),
        PyGenObject = new(gi_qualname: o + 40, gi_code: Absent),
        PyCodeObject = new(co_name: o + 88, co_filename: o + 80, co_firstlineno: o + 20),
        dequeobject = new(leftblock: o + 8, leftindex: o + 24, len: o, maxlen: o + 48, data: 8, rightlink: 520, BLOCKLEN: 64),
        lockobject = new(locked: o + 16, rlock_owner: o + 8, rlock_count: o + 16, rlock_mutex: Absent),
        dict_size = o + 32,
    };

    private static ObjectLayout V38(int o) => V36(o) with
    {
        PyTypeObject = TypeFields(o, size: 400),
        PyHeapTypeObject = HeapTypeFields(ht_name: o + 832),
        PyCodeObject = new(co_name: o + 96, co_filename: o + 88, co_firstlineno: o + 24),
    };

    private static ObjectLayout V39(int o) => V38(o) with
    {
        PyTypeObject = TypeFields(o, size: 392),
        PyHeapTypeObject = HeapTypeFields(ht_name: o + 824),
    };

    private static ObjectLayout V310(int o) => V39(o) with
    {
        PyHeapTypeObject = HeapTypeFields(ht_name: o + 832),
        PyFunctionObject = new(func_name: o + 16, func_qualname: o + 24),
        PyGenObject = new(gi_qualname: o + 32, gi_code: Absent),
    };

    private static ObjectLayout V311(int o) => V310(o) with
    {
        DictForm = DictForm.CompactByKind,
        DictValuesForm = DictValuesForm.Prefixed,
        ManagedDictForm = ManagedDictForm.TwoPointers,
        managed_dict = -24,
        PyGenObject = new(gi_qualname: o + 24, gi_code: Absent),
        PyCodeObject = new(co_name: o + 104, co_filename: o + 96, co_firstlineno: o + 56),
        PyDictKeysObject = new(
            dk_size: Absent, dk_log2_size: 8, dk_log2_index_bytes: 9, dk_kind: 10, dk_nentries: 24, dk_indices: 32),
    };

    private static ObjectLayout V312(int o) => V311(o) with
    {
        UnicodeForm = UnicodeForm.Flexible,
        LongForm = LongForm.Tagged,
        ManagedDictForm = ManagedDictForm.TaggedPointer,
        PyTypeObject = TypeFields(o, size: 400),
        PyHeapTypeObject = HeapTypeFields(ht_name: o + 840),
        PyGenObject = new(gi_qualname: o + 16, gi_code: Absent),
        PyCodeObject = new(co_name: o + 104, co_filename: o + 96, co_firstlineno: o + 52),
        PyUnicodeObject = new(
            length: o, state: o + 16, kind_shift: 2, ascii_size: o + 24, compact_size: o + 40, data: o + 40, wstr: Absent,
            wstr_length: Absent, Py_UNICODE_SIZE: Absent),
    };

    /// <summary>3.13.1: a lock is a PyMutex (gh-117721), a recursive one not yet.</summary>
    private static ObjectLayout V313(int o, int micro) => V312(o) with
    {
        lockobject = V312(o).lockobject with { locked = micro == 0 ? o + 16 : o },
        DictValuesForm = DictValuesForm.Counted,
        ManagedDictForm = ManagedDictForm.InlineValues,
    };

    /// <summary>3.14: a tuple caches its hash in front of its items; locks are a PyMutex.</summary>
    private static ObjectLayout V314(int o) => V313(o, micro: 1) with
    {
        tuple_ob_item = o + 16,
        lockobject = new(locked: o, rlock_owner: o + 8, rlock_count: o + 16, rlock_mutex: o),
    };

    private static ObjectLayout V315(int o) => V314(o) with
    {
        PyTypeObject = TypeFields(o, size: 408),
        PyHeapTypeObject = HeapTypeFields(ht_name: o + 848),
        PyBaseExceptionObject = new(args: o + 8, name: o + 64, path: o + 72),
    };

    /// <summary>
    /// No collector's head in front of the object, so the managed dict lies at −1 word; from 3.14 on <c>interned</c> is a byte of its
    /// own (Include/internal/pycore_object.h, Include/cpython/unicodeobject.h).
    /// </summary>
    private static ObjectLayout FreeThreaded(ObjectLayout layout) => layout with
    {
        managed_dict = -8,
        PyUnicodeObject = layout.PyUnicodeObject with { kind_shift = layout.Version.AtLeast(3, 14) ? 8 : 2 },
    };
}
