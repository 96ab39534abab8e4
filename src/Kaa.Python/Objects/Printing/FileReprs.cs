using System.Globalization;
using Kaa.Formats;

namespace Kaa.Python.Objects.Printing;

/// <summary>Files: the classes of io (Modules/_io) and 2.7's file.</summary>
internal static class FileReprs
{
    /// <summary>
    /// fileio: an int <c>fd</c>, then bits created, readable, writable, appending, two of seekable, closefd (3.15: after truncate).
    /// </summary>
    public static void Raw(Repr repr, Address instance, PyType type)
    {
        Address fields = instance + repr.Objects.Layout.PyObject.size;
        int fd = repr.Objects.Memory.Read<int>(fields);
        byte bits = repr.Objects.Memory.Read<byte>(fields + 4);
        if (fd < 0)
        {
            repr.Out.Write("<_io.FileIO [closed]>");
            return;
        }

        bool closes = (bits & (repr.AtLeast(3, 15) ? 0x80 : 0x40)) != 0;
        Address name = repr.Objects.Attribute(instance, "name");
        repr.Out.Write("<_io.FileIO ");
        if (name.IsNull)
        {
            repr.Out.Write("fd=" + fd.ToString(CultureInfo.InvariantCulture));
        }
        else
        {
            repr.Out.Write("name=");
            repr.Value(name);
        }

        repr.Out.Write($" mode='{Mode(bits)}' closefd={(closes ? "True" : "False")}>");
    }

    public static void Buffered(Repr repr, Address instance, PyType type)
    {
        repr.Out.Write("<" + type.Name);
        WriteAttribute(repr, "name", Name(repr.Objects, instance));
        repr.Out.Write('>');
    }

    /// <summary>textio: ok, detached, chunk_size, buffer, encoding.</summary>
    public static void Text(Repr repr, Address instance, PyType type)
    {
        repr.Out.Write("<_io.TextIOWrapper");
        WriteAttribute(repr, "name", Name(repr.Objects, repr.Objects.Word(instance, 2)));
        WriteAttribute(repr, "mode", repr.Objects.Attribute(instance, "mode"));
        WriteAttribute(repr, "encoding", repr.Objects.Word(instance, 3));
        repr.Out.Write('>');
    }

    /// <summary>PyFileObject: f_fp, f_name, f_mode.</summary>
    public static void File2(Repr repr, Address instance, PyType type)
    {
        PyObjects objects = repr.Objects;
        repr.Out.Write(objects.Word(instance, 0).IsNull ? "<closed file " : "<open file ");
        repr.Value(objects.Word(instance, 1));
        repr.Out.Write($", mode '{objects.ReadString(objects.Word(instance, 2), Limits.TypeName)}' at {instance}>");
    }

    /// <summary>A buffer's name is its raw file's; either may be of another kind, and nameless.</summary>
    private static Address Name(PyObjects objects, Address file)
    {
        for (int i = 0; i < 2 && !file.IsNull && objects.TypeOf(file).Name.StartsWith("_io.Buffered", StringComparison.Ordinal); i++)
            file = objects.Word(file, 0);
        return file.IsNull || objects.TypeOf(file).Name != "_io.FileIO" ? Address.Null : objects.Attribute(file, "name");
    }

    private static void WriteAttribute(Repr repr, string name, Address value)
    {
        if (value.IsNull)
            return;
        repr.Out.Write(" ");
        repr.Named(name, value);
    }

    private static string Mode(byte bits)
    {
        (bool created, bool readable, bool writable, bool appending) = ((bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0, (bits & 8) != 0);
        string letter = created ? "xb" : appending ? "ab" : readable ? "rb" : "wb";
        return letter + (readable && (created || appending || writable) ? "+" : "");
    }
}
