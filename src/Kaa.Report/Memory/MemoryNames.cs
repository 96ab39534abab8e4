using Kaa.Recording.Analysis;
using Kaa.Recording.Memory;

namespace Kaa.Report.Memory;

/// <summary>How parts of a recording are called in reports.</summary>
internal static class MemoryNames
{
    public const string NoFrame = "(no Python frame)";

    public static string Of(MemoryViewKind view) => view switch
    {
        MemoryViewKind.Peak => "peak",
        MemoryViewKind.Leaks => "leaks",
        MemoryViewKind.Temporary => "temporary",
        MemoryViewKind.All => "all",
        _ => throw new ArgumentOutOfRangeException(nameof(view)),
    };

    /// <summary>What a share is a share of: "… % of the memory held at the peak".</summary>
    public static string Describe(MemoryViewKind view) => view switch
    {
        MemoryViewKind.Peak => "the memory held at the peak",
        MemoryViewKind.Leaks => "the memory still held",
        MemoryViewKind.Temporary => "the memory that was given back at once",
        MemoryViewKind.All => "all memory allocated",
        _ => throw new ArgumentOutOfRangeException(nameof(view)),
    };

    public static string Of(RecordedFrameKind kind) => kind == RecordedFrameKind.Python ? "python" : "native";

    /// <summary>"foo.py:214"; a C frame's function and library; as much as is known.</summary>
    public static string Place(in RecordedFrame frame)
    {
        if (frame.File is null)
        {
            string? module = frame.Module ?? frame.Function;
            return frame.Offset > 0 ? module + "+0x" + frame.Offset.ToString("x", System.Globalization.CultureInfo.InvariantCulture) : module ?? NoFrame;
        }

        return frame.Line > 0 ? frame.File + ":" + frame.Line.ToString(System.Globalization.CultureInfo.InvariantCulture) : frame.File;
    }

    /// <summary>"load (foo.py:214)": one name for a frame where a format has room for one only.</summary>
    public static string Label(in RecordedFrame frame) => frame.Function is { } function ? function + " (" + Place(frame) + ")" : Place(frame);

    public static string Of(in RecordedThread thread) => (thread.Name is { Length: > 0 } ? "" : "thread ") + NameOrId(thread);

    public static string NameOrId(in RecordedThread thread) => thread.Name is { Length: > 0 } name ? name : thread.Tid.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
