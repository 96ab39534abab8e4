using Kaa.Formats;
using Kaa.Python.Layout;

namespace Kaa.Python.Objects.Printing;

/// <summary>Exceptions of any class by their name and <c>args</c> (BaseException_repr, Objects/exceptions.c).</summary>
internal static class ExceptionReprs
{
    public static void Exception(Repr repr, Address instance, PyType type)
    {
        PyExceptionFields f = repr.Objects.Layout.PyBaseExceptionObject;
        Address args = repr.Objects.PointerAt(instance, f.args);
        if (!repr.Enter(instance))
        {
            repr.Out.Write(type.ShortName + "(...)");
            return;
        }

        repr.Out.Write(type.ShortName + "(");
        int count = repr.Items(repr.Objects.Tuple(args, long.MaxValue));
        if (f.name != ObjectLayout.Absent && repr.Objects.IsInstance(instance, "ImportError"))
            ImportNames(repr, instance, count > 0);
        else if (count == 1 && !repr.AtLeast(3, 7))
            repr.Out.Write(',');
        repr.Out.Write(')');
        repr.Leave();
    }

    /// <summary>ImportError_repr, 3.15.</summary>
    private static void ImportNames(Repr repr, Address instance, bool separate)
    {
        PyExceptionFields f = repr.Objects.Layout.PyBaseExceptionObject;
        List<(string, Address)> names = [];
        Address name = repr.Objects.PointerAt(instance, f.name);
        Address path = repr.Objects.PointerAt(instance, f.path);
        if (!name.IsNull)
            names.Add(("name", name));
        if (!path.IsNull)
            names.Add(("path", path));
        InstanceReprs.Named(repr, names, separate);
    }
}
