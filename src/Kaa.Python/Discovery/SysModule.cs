using Kaa.Formats;
using Kaa.Python.Objects;

namespace Kaa.Python.Discovery;

/// <summary>What an interpreter's <c>sys</c> says of it.</summary>
/// <param name="Hex"><c>sys.hexversion</c>.</param>
/// <param name="Debug"><c>sys.gettotalrefcount</c> exists.</param>
/// <param name="TraceRefs"><c>sys.getobjects</c> exists.</param>
internal readonly record struct SysModule(uint Hex, bool Debug, bool TraceRefs)
{
    /// <summary>Null where there is no readable <c>hexversion</c>: no interpreter, another layout, or one that has not come that far.</summary>
    public static SysModule? Read(PyObjects objects, Address sysdict)
    {
        try
        {
            Address hexversion = objects.Lookup(sysdict, "hexversion");
            if (hexversion.IsNull)
                return null;
            long hex = objects.ReadInt64(hexversion);
            return hex is > 0 and <= uint.MaxValue
                ? new SysModule((uint)hex, Has(objects, sysdict, "gettotalrefcount"), Has(objects, sysdict, "getobjects"))
                : null;
        }
        catch (TargetFault fault) when (fault.Reason is FaultReason.Unmapped or FaultReason.Nonsense)
        {
            return null;
        }
    }

    private static bool Has(PyObjects objects, Address sysdict, string name) => !objects.Lookup(sysdict, name).IsNull;
}
