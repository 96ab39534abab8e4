using Kaa.Results;

namespace Kaa.Python.Layout;

/// <summary>Where everything lies that Kaa reads of one interpreter; immutable.</summary>
public sealed partial record PyLayout
{
    /// <summary>Where the offsets came from.</summary>
    public LayoutSource Source { get; init; } = LayoutSource.Table;

    /// <summary>Size of an object's head: 16, or 32 where objects are linked (Py_TRACE_REFS) or free-threaded.</summary>
    public required int HeadSize { get; init; }

    public required RuntimeLayout Runtime { get; init; }

    public required GilLayout Gil { get; init; }

    public required InterpreterLayout Interpreter { get; init; }

    public required ThreadStateLayout Thread { get; init; }

    public required CFrameLayout CFrame { get; init; }

    public required StackChunkLayout StackChunk { get; init; }

    public required FrameLayout Frame { get; init; }

    public required FrameObjectLayout FrameObject { get; init; }

    public required CodeLayout Code { get; init; }

    public required CallableLayout Callable { get; init; }

    /// <summary>Null where the interpreter has no such interface, or does not say where it is.</summary>
    public RemoteDebugLayout? RemoteDebug { get; init; }

    /// <summary>From a frame to its first slot.</summary>
    public int LocalsPlus => Frame.localsplus != Offset.Absent ? Frame.localsplus : FrameObject.f_localsplus;

    /// <summary>From a frame to <c>f_locals</c>.</summary>
    public int FrameNamespace => Frame.f_locals != Offset.Absent ? Frame.f_locals : FrameObject.f_locals;

    /// <summary>From a frame to <c>f_globals</c>.</summary>
    public int FrameGlobals => Frame.f_globals != Offset.Absent ? Frame.f_globals : FrameObject.f_globals;
}
