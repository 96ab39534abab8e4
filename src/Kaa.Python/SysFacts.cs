using Kaa.Formats;
using Kaa.Python.Layout;
using Kaa.Python.Objects;

namespace Kaa.Python;

/// <summary>What an interpreter's <c>sys</c> module says of how it was built and started. Null is "not there" or "could not be read".</summary>
public sealed record SysFacts
{
    private const int MaxText = 4_096;

    /// <summary><c>sys.version</c>: version, build and compiler.</summary>
    public string? Version { get; private init; }

    /// <summary><c>sys.executable</c>: what Python believes that it is; empty where it does not know, as when embedded.</summary>
    public string? Executable { get; private init; }

    public string? Prefix { get; private init; }

    /// <summary>Of the installation behind a virtual environment: <c>sys.base_prefix</c> (3.3+), or <c>sys.real_prefix</c> of 2.7's virtualenv.</summary>
    public string? BasePrefix { get; private init; }

    /// <summary><c>sys.argv[0]</c>: the script, as it was named.</summary>
    public string? Script { get; private init; }

    /// <summary><c>sys.path[0]</c>: the script's directory, or the zip that is run.</summary>
    public string? FirstPath { get; private init; }

    /// <summary><c>config.remote_debug</c>; null before 3.14.</summary>
    public bool? RemoteDebug { get; private init; }

    internal static SysFacts? Read(PyObjects objects, Address interpreter, InterpreterLayout layout)
    {
        IMemory memory = objects.Memory;
        if (layout.sysdict == Offset.Absent || !memory.TryReadPointer(interpreter + layout.sysdict, out Address sys) || sys.IsNull)
            return null;
        bool hasRemote = layout.remote_debug != Offset.Absent;
        return new SysFacts
        {
            Version = Text(objects, sys, "version"),
            Executable = Text(objects, sys, "executable"),
            Prefix = Text(objects, sys, "prefix"),
            BasePrefix = Text(objects, sys, "base_prefix") ?? Text(objects, sys, "real_prefix"),
            Script = First(objects, sys, "argv"),
            FirstPath = First(objects, sys, "path"),
            RemoteDebug = hasRemote && memory.TryRead(interpreter + layout.remote_debug, out int enabled) ? enabled != 0 : null,
        };
    }

    private static string? Text(PyObjects objects, Address sys, string name)
    {
        try
        {
            return objects.TryReadString(objects.Lookup(sys, name), MaxText);
        }
        catch (TargetFault fault) when (fault.Reason is FaultReason.Unmapped or FaultReason.Nonsense)
        {
            return null;
        }
    }

    private static string? First(PyObjects objects, Address sys, string name)
    {
        try
        {
            foreach (Address item in objects.List(objects.Lookup(sys, name), 1))
                return objects.TryReadString(item, MaxText);
        }
        catch (TargetFault fault) when (fault.Reason is FaultReason.Unmapped or FaultReason.Nonsense)
        {
            // Not there, or no list: as if it were empty.
        }

        return null;
    }
}
