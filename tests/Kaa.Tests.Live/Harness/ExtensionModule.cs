namespace Kaa.Tests.Live.Harness;

/// <summary>Extension modules, compiled for an interpreter.</summary>
internal static class ExtensionModule
{
    /// <summary>
    /// Compiles a file of tests/programs as a module beside the other libraries; gives the directory as the process sees it, null where there are no headers that would do.
    /// </summary>
    public static string? Compile(CompiledLibraries libraries, Interpreter interpreter, string name)
    {
        if (Headers(interpreter) is not { } headers)
            return null;

        // Without start files and C library, so that a module for musl, or for another glibc, is the same; the functions of CPython are found in the process.
        libraries.Compile(name + ".so", File.ReadAllText(Repository.Program(name + ".c")), ["-shared", "-fPIC", "-g", "-O1", "-nostdlib", "-fno-stack-protector", .. headers]);
        return libraries.Directory;
    }

    /// <summary>Its own; else those of another 3.x, for the part of the C API that is the same in all (PEP 384), which 2.7 and free-threaded builds lack.</summary>
    private static string[]? Headers(Interpreter interpreter)
    {
        if (OwnHeaders(interpreter) is { } own)
            return ["-I" + own];
        Interpreter? other = Interpreters.Known.FirstOrDefault(one => one.AtLeast(3, 6) && one is { Root: null, FreeThreaded: false, Debug: false } && OwnHeaders(one) is not null);
        bool isStable = interpreter.AtLeast(3, 6) && !interpreter.FreeThreaded;
        return isStable && other is not null ? ["-I" + OwnHeaders(other), "-DPy_LIMITED_API=0x03060000"] : null;
    }

    private static string? OwnHeaders(Interpreter interpreter)
    {
        // Those of debug builds are in a package of their own, and the same modules do (since 3.8 both have one ABI).
        if (interpreter.Debug || (interpreter.Stripped && interpreter.Root is not null))
            return null;
        ProgramResult said = Program.Run(interpreter.Launch[0], [.. interpreter.Launch[1..], "-c", "import sysconfig; print(sysconfig.get_paths()['include'])"]);
        string path = interpreter.Root + said.Output.Trim();
        return said.Exit == 0 && File.Exists(path + "/Python.h") && File.Exists(path + "/pyconfig.h") ? path : null;
    }
}
