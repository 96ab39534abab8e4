using System.Globalization;

namespace Kaa.Python;

/// <summary>A CPython version as <c>PY_VERSION_HEX</c> holds it (Include/patchlevel.h): 0xMMmmppLS, L being a, b, c or f.</summary>
public readonly record struct PythonVersion(uint Hex) : IComparable<PythonVersion>
{
    public PythonVersion(int major, int minor, int micro = 0)
        : this(((uint)major << 24) | ((uint)minor << 16) | ((uint)micro << 8) | 0xf0)
    {
    }

    public int Major => (int)(Hex >> 24);

    public int Minor => (int)(Hex >> 16) & 0xff;

    public int Micro => (int)(Hex >> 8) & 0xff;

    public bool AtLeast(int major, int minor) => Major != major ? Major > major : Minor >= minor;

    public int CompareTo(PythonVersion other) => Hex.CompareTo(other.Hex);

    /// <summary>As <c>platform.python_version()</c> prints it: <c>3.15.0rc1</c>.</summary>
    public override string ToString()
    {
        string release = string.Create(CultureInfo.InvariantCulture, $"{Major}.{Minor}.{Micro}");
        uint serial = Hex & 0xf;
        return (Hex >> 4 & 0xf) switch
        {
            0xa => release + "a" + serial,
            0xb => release + "b" + serial,
            0xc => release + "rc" + serial,
            _ => release,
        };
    }
}

/// <summary>How an interpreter was built, as far as that changes its structures.</summary>
/// <param name="Debug"><c>Py_DEBUG</c> (<c>--with-pydebug</c>).</param>
/// <param name="TraceRefs"><c>Py_TRACE_REFS</c>: two more words in front of every object; implied by Py_DEBUG up to 3.7.</param>
/// <param name="FreeThreaded"><c>Py_GIL_DISABLED</c>.</param>
public readonly record struct BuildFlavour(bool Debug, bool TraceRefs, bool FreeThreaded);
