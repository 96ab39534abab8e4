using Kaa.Python;

namespace Kaa.Doctor.Gdb;

/// <summary>
/// Tools/gdb/libpython.py knows the structures of one range of versions, and does not check which one it meets. What it reads of a frame tells
/// which range (the file at the tags v2.7, v3.6 to v3.15 of CPython).
/// </summary>
internal static class LibPythonScript
{
    /// <summary>The first and last minor version of 3 that the script is for; null where it can't be told. 2.7's counts as 3.0.</summary>
    public static (int First, int Last)? Range(string text)
    {
        if (text.Contains("_PyStackRef", StringComparison.Ordinal))
            return (14, 99);
        if (text.Contains("[\"instr_ptr\"]", StringComparison.Ordinal))
            return (13, 13);
        if (text.Contains("[\"prev_instr\"]", StringComparison.Ordinal))
            return (11, 12);
        if (text.Contains("self.f_lasti*2", StringComparison.Ordinal))
            return (10, 10);
        if (text.Contains("_PyEval_EvalFrameDefault", StringComparison.Ordinal))
            return (6, 9);
        return text.Contains("PyEval_EvalFrameEx", StringComparison.Ordinal) ? (0, 5) : null;
    }

    public static bool Fits(string text, PythonVersion version) =>
        Range(text) is not { } range || (version.Major == 2 ? range.First == 0 : version.Minor >= range.First && version.Minor <= range.Last);
}
