using System.Text;
using Kaa.Formats;

namespace Kaa.Python.Objects.Printing;

/// <summary>
/// pathlib's POSIX paths. Up to 3.11 the parts are there (_drv, _root, _parts); from 3.12 on the path is kept as it was given
/// (_raw_paths) until someone asks. Either way its text, once made, is in _str.
/// </summary>
internal static class PathReprs
{
    public static void Path(Repr repr, Address instance, PyType type)
    {
        PyObjects objects = repr.Objects;
        Address known = objects.Attribute(instance, "_str");
        repr.Out.Write(type.ShortName + "(");
        if (objects.Is(known, TypeFlags.UnicodeSubclass))
            repr.Value(known);
        else
            WriteText(repr, FromParts(objects, instance) ?? FromSegments(objects, instance));
        repr.Out.Write(')');
    }

    private static void WriteText(Repr repr, string text)
    {
        // Made of the target's strings, so quoted by the same rules, over a copy of its own.
        var style = new CharacterStyle(repr.Objects.Layout.Version);
        var scan = new TextScan(style);
        foreach (int point in CodePoints(text))
            scan.See(point);
        repr.Out.Write(scan.Quote);
        foreach (int point in CodePoints(text))
            style.Write(repr.Out, point, scan.Quote);
        repr.Out.Write(scan.Quote);
    }

    private static IEnumerable<int> CodePoints(string text)
    {
        for (int i = 0; i < text.Length; i++)
        {
            bool pair = char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]);
            yield return pair ? char.ConvertToUtf32(text[i], text[++i]) : text[i];
        }
    }

    /// <summary>The root is the first part itself; 3.6–3.11.</summary>
    private static string? FromParts(PyObjects objects, Address instance)
    {
        Address parts = objects.Attribute(instance, "_parts");
        if (!objects.Is(parts, TypeFlags.ListSubclass))
            return null;
        string root = Read(objects, objects.Attribute(instance, "_drv")) + Read(objects, objects.Attribute(instance, "_root"));
        List<string> names = Strings(objects, objects.List(parts, Limits.PathSegments));
        if (root.Length > 0)
            return root + string.Join('/', names.GetRange(Math.Min(1, names.Count), Math.Max(0, names.Count - 1)));
        return names.Count == 0 ? "." : string.Join('/', names);
    }

    /// <summary>posixpath.join of the segments, then _parse_path: no empty or "." parts, one or exactly two leading slashes kept.</summary>
    private static string FromSegments(PyObjects objects, Address instance)
    {
        Address segments = objects.Attribute(instance, "_raw_paths");
        string joined = "";
        foreach (string segment in Strings(objects, objects.List(segments, Limits.PathSegments)))
        {
            bool restart = joined.Length == 0 || segment.StartsWith('/');
            joined = restart ? segment : joined.EndsWith('/') ? joined + segment : joined + "/" + segment;
        }

        string root = joined.StartsWith("//", StringComparison.Ordinal) && !joined.StartsWith("///", StringComparison.Ordinal)
            ? "//"
            : joined.StartsWith('/') ? "/" : "";
        var text = new StringBuilder();
        foreach (string part in joined.Split('/'))
        {
            if (part is not ("" or "."))
                text.Append(text.Length > 0 ? "/" : "").Append(part);
        }

        return root.Length == 0 && text.Length == 0 ? "." : root + text;
    }

    private static List<string> Strings(PyObjects objects, IEnumerable<Address> items)
    {
        List<string> strings = [];
        foreach (Address item in items)
            strings.Add(Read(objects, item));
        return strings;
    }

    private static string Read(PyObjects objects, Address text) => objects.ReadString(text, Limits.CodeName);
}
