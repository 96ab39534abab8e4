using Kaa.Python;
using Kaa.Python.Layout;
using Kaa.Tests.Unit.Python.Objects;

namespace Kaa.Tests.Unit.Python.Layout;

/// <summary>The tables against what the compiler itself said of each build (object_layouts.tsv).</summary>
public sealed class ObjectLayoutTests
{
    /// <summary>The fields by their names in DWARF; one that a version does not need is absent there.</summary>
    private static readonly Dictionary<string, Func<ObjectLayout, int>> s_fields = new()
    {
        ["PyObject.ob_type"] = static x => x.PyObject.ob_type,
        ["PyObject.sizeof"] = static x => x.PyObject.size,
        ["PyVarObject.ob_size"] = static x => x.ob_size,
        ["PyTypeObject.tp_name"] = static x => x.PyTypeObject.tp_name,
        ["PyTypeObject.tp_basicsize"] = static x => x.PyTypeObject.tp_basicsize,
        ["PyTypeObject.tp_itemsize"] = static x => x.PyTypeObject.tp_itemsize,
        ["PyTypeObject.tp_repr"] = static x => x.PyTypeObject.tp_repr,
        ["PyTypeObject.tp_flags"] = static x => x.PyTypeObject.tp_flags,
        ["PyTypeObject.tp_members"] = static x => x.PyTypeObject.tp_members,
        ["PyTypeObject.tp_base"] = static x => x.PyTypeObject.tp_base,
        ["PyTypeObject.tp_dict"] = static x => x.PyTypeObject.tp_dict,
        ["PyTypeObject.tp_dictoffset"] = static x => x.PyTypeObject.tp_dictoffset,
        ["PyTypeObject.tp_mro"] = static x => x.PyTypeObject.tp_mro,
        ["PyTypeObject.sizeof"] = static x => x.PyTypeObject.size,
        ["PyHeapTypeObject.ht_name"] = static x => x.PyHeapTypeObject.ht_name,
        ["PyHeapTypeObject.ht_qualname"] = static x => x.PyHeapTypeObject.ht_qualname,
        ["PyHeapTypeObject.ht_cached_keys"] = static x => x.PyHeapTypeObject.ht_cached_keys,
        ["PyASCIIObject.length"] = static x => x.PyUnicodeObject.length,
        ["PyASCIIObject.sizeof"] = static x => x.PyUnicodeObject.ascii_size,
        ["PyASCIIObject.wstr"] = static x => x.PyUnicodeObject.wstr,
        ["PyCompactUnicodeObject.sizeof"] = static x => x.PyUnicodeObject.compact_size,
        ["PyCompactUnicodeObject.wstr_length"] = static x => x.PyUnicodeObject.wstr_length,
        ["PyLongObject.ob_digit"] = static x => x.PyLongObject.ob_digit,
        ["PyBytesObject.ob_sval"] = static x => x.ob_sval,
        ["PyStringObject.ob_sval"] = static x => x.ob_sval,
        ["PyTupleObject.ob_item"] = static x => x.tuple_ob_item,
        ["PyListObject.ob_item"] = static x => x.PyListObject.ob_item,
        ["PyListObject.allocated"] = static x => x.PyListObject.allocated,
        ["PyByteArrayObject.ob_start"] = static x => x.PyByteArrayObject.ob_start,
        ["PyDictObject.ma_used"] = static x => x.PyDictObject.ma_used,
        ["PyDictObject.ma_keys"] = static x => x.PyDictObject.ma_keys,
        ["PyDictObject.ma_values"] = static x => x.PyDictObject.ma_values,
        ["PyDictObject.ma_mask"] = static x => x.PyDictObject.ma_mask,
        ["PyDictObject.ma_table"] = static x => x.PyDictObject.ma_table,
        ["PyDictObject.sizeof"] = static x => x.dict_size,
        ["PyDictKeysObject.dk_size"] = static x => x.PyDictKeysObject.dk_size,
        ["PyDictKeysObject.dk_log2_size"] = static x => x.PyDictKeysObject.dk_log2_size,
        ["PyDictKeysObject.dk_log2_index_bytes"] = static x => x.PyDictKeysObject.dk_log2_index_bytes,
        ["PyDictKeysObject.dk_kind"] = static x => x.PyDictKeysObject.dk_kind,
        ["PyDictKeysObject.dk_nentries"] = static x => x.PyDictKeysObject.dk_nentries,
        ["PyDictKeysObject.dk_indices"] = static x => x.PyDictKeysObject.dk_indices,
        ["PySetObject.used"] = static x => x.PySetObject.used,
        ["PySetObject.mask"] = static x => x.PySetObject.mask,
        ["PySetObject.table"] = static x => x.PySetObject.table,
        ["setentry.key"] = static x => x.PySetObject.key,
        ["PyDescrObject.d_type"] = static x => x.PyDescrObject.d_type,
        ["PyDescrObject.d_name"] = static x => x.PyDescrObject.d_name,
        ["PyMemberDef.name"] = static x => x.PyMemberDef.name,
        ["PyMemberDef.type"] = static x => x.PyMemberDef.type,
        ["PyMemberDef.offset"] = static x => x.PyMemberDef.offset,
        ["PyMemberDef.sizeof"] = static x => x.PyMemberDef.size,
        ["PyFunctionObject.func_name"] = static x => x.PyFunctionObject.func_name,
        ["PyFunctionObject.func_qualname"] = static x => x.PyFunctionObject.func_qualname,
        ["PyGenObject.gi_qualname"] = static x => x.PyGenObject.gi_qualname,
        ["PyGenObject.gi_code"] = static x => x.PyGenObject.gi_code,
        ["PyCodeObject.co_name"] = static x => x.PyCodeObject.co_name,
        ["PyCodeObject.co_filename"] = static x => x.PyCodeObject.co_filename,
        ["PyCodeObject.co_firstlineno"] = static x => x.PyCodeObject.co_firstlineno,
        ["PyBaseExceptionObject.args"] = static x => x.PyBaseExceptionObject.args,
        ["dequeobject.leftblock"] = static x => x.dequeobject.leftblock,
        ["dequeobject.leftindex"] = static x => x.dequeobject.leftindex,
        ["dequeobject.maxlen"] = static x => x.dequeobject.maxlen,
        ["rlockobject.rlock_owner"] = static x => x.lockobject.rlock_owner,
        ["rlockobject.rlock_count"] = static x => x.lockobject.rlock_count,
    };

    public static TheoryData<string> Builds => [.. Rows()[0][1..]];

    [Theory]
    [MemberData(nameof(Builds))]
    public void Offsets_are_what_the_compiler_made_them(string build)
    {
        ObjectLayout layout = Layouts.Of(build);
        List<string[]> rows = Rows();
        int column = Array.IndexOf(rows[0], build);
        int compared = 0;
        foreach (string[] row in rows.GetRange(1, rows.Count - 1))
        {
            string[] expected = row[column].Split(':');
            if (expected[0] == "-")
                continue;
            if (row[0] == "PyASCIIObject.kind")
            {
                int bit = ((int.Parse(expected[0]) - layout.PyUnicodeObject.state) * 8) + int.Parse(expected[1]);
                layout.PyUnicodeObject.kind_shift.ShouldBe(bit, row[0]);
            }
            else if (s_fields[row[0]](layout) is var offset and not ObjectLayout.Absent)
            {
                offset.ShouldBe(int.Parse(expected[0]), row[0]);
            }

            compared++;
        }

        compared.ShouldBeGreaterThanOrEqualTo(40);
    }

    [Fact]
    public void A_debug_build_links_its_objects_up_to_3_7()
    {
        Head(3, 7, debug: true).ShouldBe(32);
        Head(2, 7, debug: true).ShouldBe(32);
        Head(3, 8, debug: true).ShouldBe(16);
        var linked = new BuildFlavour(Debug: false, TraceRefs: true, FreeThreaded: false);
        ObjectLayout.For(new PythonVersion(3, 12), linked).PyObject.ob_type.ShouldBe(24);
        ObjectLayout.For(new PythonVersion(3, 13), linked).PyObject.ob_type.ShouldBe(8);
    }

    [Fact]
    public void Versions_without_a_table_are_refused_and_later_ones_read_as_the_last_known()
    {
        ObjectLayout.Knows(new PythonVersion(3, 5)).ShouldBeFalse();
        ObjectLayout.Knows(new PythonVersion(2, 6)).ShouldBeFalse();
        Should.Throw<ArgumentOutOfRangeException>(() => ObjectLayout.For(new PythonVersion(3, 5), default));
        (ObjectLayout.For(new PythonVersion(3, 16), default) with { Version = new PythonVersion(3, 15) })
            .ShouldBe(ObjectLayout.For(new PythonVersion(3, 15), default));
    }

    [Fact]
    public void A_lock_is_a_mutex_from_3_13_1_on()
    {
        ObjectLayout.For(new PythonVersion(3, 13), default).lockobject.locked.ShouldBe(32);
        ObjectLayout.For(new PythonVersion(3, 13, 1), default).lockobject.locked.ShouldBe(16);
    }

    private static int Head(int major, int minor, bool debug) =>
        ObjectLayout.For(new PythonVersion(major, minor), new BuildFlavour(debug, TraceRefs: false, FreeThreaded: false)).PyObject.size;

    private static List<string[]> Rows()
    {
        using Stream stream = typeof(ObjectLayoutTests).Assembly.GetManifestResourceStream("object_layouts.tsv")!;
        using var reader = new StreamReader(stream);
        List<string[]> rows = [];
        while (reader.ReadLine() is { } line)
        {
            if (!line.StartsWith('#'))
                rows.Add(line.Split('\t'));
        }

        return rows;
    }
}
