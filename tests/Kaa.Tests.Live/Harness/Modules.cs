namespace Kaa.Tests.Live.Harness;

/// <summary>Libraries that eng/pythons unpacks for interpreters that do not come with them.</summary>
public static class Modules
{
    /// <summary>Where the chroot of sid has those of sid.</summary>
    private const string InRoot = "/opt/modules";

    /// <summary>An interpreter that can import the packages of a Debian suite; null where these are not there.</summary>
    public static Interpreter? Of(string suite, Interpreter interpreter)
    {
        string directory = interpreter.Root is null ? Path.Combine(Interpreters.Cache, "modules", suite, "usr/lib/python3/dist-packages") : InRoot;
        if (!Directory.Exists((interpreter.Root ?? "") + directory))
            return null;
        return interpreter with { Launch = ["/usr/bin/env", "PYTHONPATH=" + directory, "PYTHONDONTWRITEBYTECODE=1", .. interpreter.Launch] };
    }

    /// <summary>
    /// Pairs of suite and interpreter that can import trio, which is pure Python: bookworm's 0.22 runs on 3.7 to 3.12, sid's 0.34 on 3.11 and later
    /// (3.10 would need one more package). It needs ctypes, which the build against musl lacks.
    /// </summary>
    public static TheoryData<string, string> WithTrio => Pairs(
        ("bookworm", interpreter => interpreter.Root is null && interpreter.AtLeast(3, 7) && !interpreter.AtLeast(3, 13)),
        ("sid", interpreter => interpreter.AtLeast(3, 11) && interpreter.Libc == "glibc"));

    /// <summary>Pairs that can import greenlet, which each suite has for the release build of its own Python: 0.4 and 2.</summary>
    public static TheoryData<string, string> WithGreenlet => Pairs(
        ("bullseye", interpreter => IsRelease(interpreter, 9)), ("bookworm", interpreter => IsRelease(interpreter, 11)));

    /// <summary>Pairs that can import eventlet.</summary>
    public static TheoryData<string, string> WithEventlet => Pairs(("bookworm", interpreter => IsRelease(interpreter, 11)));

    /// <summary>Those that can import bookworm's numpy.</summary>
    public static TheoryData<string> WithNumpy
    {
        get
        {
            var data = new TheoryData<string>();
            foreach (Interpreter interpreter in Interpreters.Known)
            {
                if (interpreter.Embedded is null && IsRelease(interpreter, 11) && Numpy(interpreter) is not null)
                    data.Add(interpreter.Name);
            }

            return data;
        }
    }

    /// <summary>An interpreter with numpy, and what this is linked with; null where it is not there.</summary>
    public static Interpreter? Numpy(Interpreter interpreter)
    {
        string directory = Path.Combine(Interpreters.Cache, "numpy", "usr/lib");
        string libraries = string.Join(':', new[] { "x86_64-linux-gnu", "x86_64-linux-gnu/blas", "x86_64-linux-gnu/lapack" }.Select(name => Path.Combine(directory, name)));
        if (!Directory.Exists(Path.Combine(directory, "python3/dist-packages/numpy")))
            return null;
        return interpreter with
        {
            Launch = ["/usr/bin/env", "PYTHONPATH=" + Path.Combine(directory, "python3/dist-packages"), "LD_LIBRARY_PATH=" + libraries, "PYTHONDONTWRITEBYTECODE=1", "OPENBLAS_NUM_THREADS=1", .. interpreter.Launch],
        };
    }

    /// <summary>Paths of libraries that take the place of the C library's allocator.</summary>
    public static IReadOnlyList<string> Allocators
    {
        get
        {
            string directory = Path.Combine(Interpreters.Cache, "allocators", "usr/lib/x86_64-linux-gnu");
            return [.. new[] { "libjemalloc.so.2", "libtcmalloc_minimal.so.4", "libtcmalloc_minimal_debug.so.4", "libmimalloc.so.2" }.Select(name => Path.Combine(directory, name)).Where(File.Exists)];
        }
    }

    public static Interpreter Preloading(Interpreter interpreter, string library) => interpreter with { Launch = ["/usr/bin/env", "LD_PRELOAD=" + library, .. interpreter.Launch] };

    private static bool IsRelease(Interpreter interpreter, int minor) =>
        interpreter is { Root: null, Debug: false, FreeThreaded: false, Libc: "glibc" } && interpreter.Number.Major == 3 && interpreter.Number.Minor == minor;

    private static TheoryData<string, string> Pairs(params (string Suite, Func<Interpreter, bool> IsAble)[] suites)
    {
        var data = new TheoryData<string, string>();
        foreach ((string suite, Func<Interpreter, bool> isAble) in suites)
        {
            foreach (Interpreter interpreter in Interpreters.Known)
            {
                if (interpreter.Embedded is null && isAble(interpreter) && Of(suite, interpreter) is not null)
                    data.Add(suite, interpreter.Name);
            }
        }

        return data;
    }
}
