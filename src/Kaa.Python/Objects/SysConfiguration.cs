using Kaa.Formats;
using Kaa.Python.Layout;

namespace Kaa.Python.Objects;

/// <summary>
/// What only the build's own configuration decides, as <c>sys</c> tells it: in 2.7 the width of a Py_UNICODE and of a long's digit.
/// </summary>
internal static class SysConfiguration
{
    /// <returns>The layout as that build has it; unchanged where <c>sys</c> does not say.</returns>
    public static ObjectLayout Apply(PyObjects objects, Address sysdict)
    {
        ObjectLayout layout = objects.Layout;
        if (layout.Version.Major != 2)
            return layout;
        if (Number(objects, objects.Lookup(sysdict, "maxunicode")) is { } maximum)
            layout = layout with { PyUnicodeObject = layout.PyUnicodeObject with { Py_UNICODE_SIZE = maximum > 0xffff ? 4 : 2 } };
        Address longInfo = objects.Lookup(sysdict, "long_info");
        if (!longInfo.IsNull && Number(objects, objects.PointerAt(longInfo, layout.tuple_ob_item)) is { } bits and (15 or 30))
            layout = layout with { PyLongObject = layout.PyLongObject with { PyLong_SHIFT = (int)bits } };
        return layout;
    }

    private static long? Number(PyObjects objects, Address number) =>
        objects.Is(number, TypeFlags.IntSubclass) || objects.Is(number, TypeFlags.LongSubclass) ? objects.ReadInt64(number) : null;
}
