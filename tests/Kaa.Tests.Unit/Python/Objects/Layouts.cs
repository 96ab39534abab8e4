using Kaa.Python;
using Kaa.Python.Layout;

namespace Kaa.Tests.Unit.Python.Objects;

/// <summary>Layouts by a short name: <c>3.13</c>, <c>3.13t</c> (free-threaded), <c>3.7d</c> (debug).</summary>
public static class Layouts
{
    public static readonly string[] All =
    [
        "2.7", "2.7d", "3.6", "3.7d", "3.8", "3.9", "3.10", "3.11", "3.12", "3.13", "3.13t", "3.14", "3.14t", "3.15", "3.15t",
    ];

    public static TheoryData<string> Every => [.. All];

    public static TheoryData<string> Python3 => [.. Array.FindAll(All, static name => name[0] == '3')];

    public static ObjectLayout Of(string name)
    {
        string[] parts = name.TrimEnd('d', 't').Split('.');
        var version = new PythonVersion(int.Parse(parts[0]), int.Parse(parts[1]), micro: 1);
        return ObjectLayout.For(version, new BuildFlavour(name.EndsWith('d'), TraceRefs: false, name.EndsWith('t')));
    }
}
