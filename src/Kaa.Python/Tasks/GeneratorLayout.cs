using Kaa.Python.Layout;

namespace Kaa.Python.Tasks;

/// <summary>
/// <c>PyGenObject</c> and what of its frame tells where it is suspended; coroutines and asynchronous generators begin alike. Read from the
/// DWARF of 3.6.15 to 3.13.0 and the headers of 3.14 and 3.15 (Include/internal/pycore_interpframe_structs.h).
/// </summary>
internal sealed record GeneratorLayout
{
    public required GeneratorForm Form { get; init; }

    /// <summary>Pointer to the frame, null once it has ended (up to 3.10).</summary>
    public int gi_frame { get; init; } = Offset.Absent;

    /// <summary>A byte (up to 3.9).</summary>
    public int gi_running { get; init; } = Offset.Absent;

    /// <summary>The frame itself (3.11+).</summary>
    public int gi_iframe { get; init; } = Offset.Absent;

    /// <summary>A signed byte (3.11+).</summary>
    public int gi_frame_state { get; init; } = Offset.Absent;

    /// <summary>From the frame: pointer behind the top of its value stack, null while it runs (up to 3.9).</summary>
    public int f_stacktop { get; init; } = Offset.Absent;

    /// <summary>From the frame: an int, the depth of its value stack (3.10).</summary>
    public int f_stackdepth { get; init; } = Offset.Absent;

    /// <summary>From the frame: a signed byte (3.10).</summary>
    public int f_state { get; init; } = Offset.Absent;

    /// <summary>From the frame: an int, the number of slots in use from <c>localsplus</c> on (3.11–3.13).</summary>
    public int stacktop { get; init; } = Offset.Absent;

    /// <param name="layout">Of the interpreter.</param>
    public static GeneratorLayout For(PythonVersion version, PyLayout layout)
    {
        int o = layout.HeadSize;
        FrameObjectLayout frame = layout.FrameObject;
        return (version.Major, version.Minor) switch
        {
            (2, 7) or (3, <= 9) => new() { Form = GeneratorForm.StackTop, gi_frame = o, gi_running = o + 8, f_stacktop = frame.f_valuestack + 8 },
            (3, 10) => new() { Form = GeneratorForm.StackDepth, gi_frame = o, f_stackdepth = frame.f_valuestack + 16, f_state = frame.f_iblock + 4 },
            (3, 11) => new() { Form = GeneratorForm.Resume, gi_frame_state = o + 59, gi_iframe = o + 64, stacktop = layout.Frame.localsplus - 8 },
            (3, 12) => V312(o) with { stacktop = layout.Frame.localsplus - 8 },
            (3, 13) => V312(o) with { Form = GeneratorForm.State, stacktop = layout.Frame.localsplus - 8 },
            (3, 14) => V312(o) with { Form = GeneratorForm.State },
            _ => V312(o) with { Form = GeneratorForm.StateFromZero },
        };
    }

    private static GeneratorLayout V312(int o) => new() { Form = GeneratorForm.Resume, gi_frame_state = o + 51, gi_iframe = o + 56 };
}

/// <summary>How a version tells that a generator is suspended in <c>await</c> or <c>yield from</c> (<c>_PyGen_yf</c>, Objects/genobject.c).</summary>
internal enum GeneratorForm
{
    /// <summary>The instruction to be run is YIELD_FROM; what it awaits is on top of the stack (up to 3.9).</summary>
    StackTop,

    /// <summary>The same, with a depth in place of a pointer, and a state of the frame (3.10).</summary>
    StackDepth,

    /// <summary>The instruction to be run is RESUME with an argument of 2 or more (3.11, 3.12).</summary>
    Resume,

    /// <summary>A state of its own, −1 (3.13, 3.14).</summary>
    State,

    /// <summary>A state of its own, 2 or 3; states count from 0 (3.15+).</summary>
    StateFromZero,
}
