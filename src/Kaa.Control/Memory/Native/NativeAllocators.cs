namespace Kaa.Control.Memory.Native;

/// <summary>Functions that others call to allocate, and that call an allocator in turn: where such a one is the innermost frame, its caller is who allocates.</summary>
internal static class NativeAllocators
{
    // operator new and new[], of Itanium's C++ ABI: _Znwm, _Znam, and those with alignment or nothrow.
    private static readonly string[] s_prefixes = ["_Znw", "_Zna", "PyMem_", "_PyMem_", "PyObject_Malloc", "PyObject_Calloc", "PyObject_Realloc", "_PyObject_Malloc", "_PyObject_Calloc", "_PyObject_Realloc"];

    private static readonly HashSet<string> s_names = new(StringComparer.Ordinal) { "pymalloc_alloc", "_PyMem_DebugRawMalloc", "reallocarray", "__libc_reallocarray" };

    public static bool Contains(string symbol)
    {
        foreach (string prefix in s_prefixes)
        {
            if (symbol.StartsWith(prefix, StringComparison.Ordinal))
                return true;
        }

        return s_names.Contains(symbol);
    }
}
