namespace Kaa.Python.Layout;

// Offsets in bytes from the object's address, named as CPython names the fields. A field that a version lacks is ObjectLayout.Absent.

/// <param name="size">Size of the object's head: where the first field of every object's own lies.</param>
public sealed record PyObjectFields(int ob_type, int size);

/// <param name="size">Size of the type object without the tables of a heap type.</param>
public sealed record PyTypeFields(
    int tp_name, int tp_basicsize, int tp_itemsize, int tp_repr, int tp_flags, int tp_members, int tp_base, int tp_dict, int tp_dictoffset,
    int tp_mro, int size);

public sealed record PyHeapTypeFields(int ht_name, int ht_qualname, int ht_cached_keys);

/// <param name="kind_shift">Bit of <c>state</c> where the three bits of <c>kind</c> begin; compact, ascii and ready follow.</param>
/// <param name="ascii_size">sizeof(PyASCIIObject): where the characters of compact ASCII text lie.</param>
/// <param name="compact_size">sizeof(PyCompactUnicodeObject): where the characters of other compact text lie.</param>
/// <param name="data">Pointer to the characters of text that is not compact (2.7: <c>str</c>).</param>
/// <param name="Py_UNICODE_SIZE">2.7 only: bytes of one Py_UNICODE, 2 or 4 as the build was configured.</param>
public sealed record PyUnicodeFields(
    int length, int state, int kind_shift, int ascii_size, int compact_size, int data, int wstr, int wstr_length, int Py_UNICODE_SIZE);

/// <param name="size">Offset of <c>ob_size</c> or <c>lv_tag</c>, as the form says.</param>
/// <param name="PyLong_SHIFT">Bits of one digit: 30, or 15 where the build was configured so.</param>
public sealed record PyLongFields(int size, int ob_digit, int PyLong_SHIFT);

public sealed record PyListFields(int ob_item, int allocated);

/// <param name="ob_start">Pointer to the first byte (2.7: <c>ob_bytes</c>).</param>
public sealed record PyByteArrayFields(int ob_start);

/// <param name="ma_table">2.7 only, as is <paramref name="ma_mask"/>.</param>
public sealed record PyDictFields(int ma_used, int ma_keys, int ma_values, int ma_mask, int ma_table);

/// <param name="dk_size">
/// Number of indices; up to 3.10. Later <paramref name="dk_log2_size"/> and <paramref name="dk_log2_index_bytes"/>.
/// </param>
public sealed record PyDictKeysFields(
    int dk_size, int dk_log2_size, int dk_log2_index_bytes, int dk_kind, int dk_nentries, int dk_indices);

/// <param name="key">Offset of the key in an entry of 16 bytes.</param>
public sealed record PySetFields(int used, int mask, int table, int key);

public sealed record PyDescrFields(int d_type, int d_name);

/// <summary>Include/structmember.h, Include/descrobject.h.</summary>
public sealed record PyMemberDefFields(int name, int type, int offset, int size);

/// <param name="func_qualname">3.x only.</param>
public sealed record PyFunctionFields(int func_name, int func_qualname);

/// <param name="gi_qualname">3.x only; before, the code's name.</param>
/// <param name="gi_code">2.7 only.</param>
public sealed record PyGenFields(int gi_qualname, int gi_code);

public sealed record PyCodeNameFields(int co_name, int co_filename, int co_firstlineno);

/// <param name="args">Of BaseException.</param>
/// <param name="name">Of ImportError, from 3.15 on where its repr shows it; <paramref name="path"/> too.</param>
public sealed record PyExceptionFields(int args, int name, int path);

/// <summary>Modules/_collectionsmodule.c; <paramref name="data"/> and <paramref name="rightlink"/> lie in a block.</summary>
/// <param name="BLOCKLEN">Items of one block.</param>
public sealed record DequeFields(int leftblock, int leftindex, int len, int maxlen, int data, int rightlink, int BLOCKLEN);

/// <summary>
/// Modules/_threadmodule.c: <c>locked</c> is a byte; a recursive lock counts from 0 or, from 3.14 on, from its second entry.
/// </summary>
public sealed record LockFields(int locked, int rlock_owner, int rlock_count, int rlock_mutex);
