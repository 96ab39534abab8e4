using Kaa.Formats;
using Kaa.Python.Objects;

namespace Kaa.Python.Discovery;

/// <summary>What an interpreter's <c>sys</c> says of it.</summary>
/// <param name="Hex"><c>sys.hexversion</c>.</param>
/// <param name="Debug"><c>sys.gettotalrefcount</c> exists.</param>
/// <param name="TraceRefs"><c>sys.getobjects</c> exists.</param>
internal readonly record struct SysModule(uint Hex, bool Debug, bool TraceRefs)
{
    private const int LongestName = 32;

    /// <summary>Null where there is no readable <c>hexversion</c>: no interpreter, another layout, or one that has not come that far.</summary>
    public static SysModule? Read(PyObjects objects, Address sysdict)
    {
        long? hex = null;
        bool debug = false;
        bool traceRefs = false;
        try
        {
            foreach (DictEntry entry in objects.Dict(sysdict))
            {
                switch (objects.TryReadString(entry.Key, LongestName))
                {
                    case "hexversion":
                        hex = objects.ReadInt64(entry.Value);
                        break;
                    case "gettotalrefcount":
                        debug = true;
                        break;
                    case "getobjects":
                        traceRefs = true;
                        break;
                }
            }
        }
        catch (TargetFault fault) when (fault.Reason is FaultReason.Unmapped or FaultReason.Nonsense)
        {
            return null;
        }

        return hex is > 0 and <= uint.MaxValue ? new SysModule((uint)hex, debug, traceRefs) : null;
    }
}
