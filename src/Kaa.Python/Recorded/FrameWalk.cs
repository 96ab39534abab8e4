using Kaa.Formats;
using Kaa.Python.Layout;

namespace Kaa.Python.Recorded;

/// <summary>How a thread's frames hang together, in numbers that need no knowledge of Python: for code that walks them inside of the process.</summary>
public sealed record FrameWalk
{
    /// <summary>From a <c>PyThreadState</c> to the word that points to its innermost frame, or to its <c>_PyCFrame</c>.</summary>
    public required int Innermost { get; init; }

    /// <summary>From a <c>_PyCFrame</c> to the word that points to the innermost frame (3.11, 3.12); null where there is none between.</summary>
    public int? CFrame { get; init; }

    /// <summary>From a <c>_PyCFrame</c> to the next outer one.</summary>
    public int? CFrameBack { get; init; }

    /// <summary>From a frame to the byte that says that a C call of its own runs it (3.11); null where frames of the interpreter's own tell.</summary>
    public int? IsEntry { get; init; }

    /// <summary>From a frame to the reference to its code object.</summary>
    public required int Code { get; init; }

    /// <summary>What of that reference is the address.</summary>
    public required ulong CodeMask { get; init; }

    /// <summary>From a frame to the next outer one.</summary>
    public required int Back { get; init; }

    /// <summary>From a frame to where it is in its code.</summary>
    public required int Instruction { get; init; }

    /// <summary>4 where that is <c>f_lasti</c>, 8 where it is an address.</summary>
    public required int InstructionSize { get; init; }

    /// <summary>From a frame to a byte that tells whose it is; null where there is none.</summary>
    public int? Owner { get; init; }

    /// <summary>From this value of it on it is a frame of the interpreter's own (<c>FRAME_OWNED_BY_CSTACK</c>, <c>FRAME_OWNED_BY_INTERPRETER</c>).</summary>
    public int Shim { get; init; } = 3;

    /// <summary>Three words of a code object by which another one at the same address is told.</summary>
    public required IReadOnlyList<int> Marks { get; init; }

    public required int ThreadId { get; init; }

    public required int NextThread { get; init; }

    /// <summary>Address of the word that points to the first <c>PyThreadState</c> of the newest interpreter as of now; null address where there is none.</summary>
    public required Address Threads { get; init; }

    /// <summary>From a <c>PyThreadState</c> to the newest chunk of the memory in which its frames lie (3.11+), where it is known when a chunk is given back; else null.</summary>
    public int? Chunk { get; init; }

    /// <summary>
    /// So many chunks the thread may keep when it no longer needs them: since <c>gh-142183</c> (in maintenance releases of 3.13 and 3.14 too) one. What 3.15 keeps is not settled.
    /// </summary>
    public int SpareChunks { get; init; }

    /// <summary>
    /// From a frame to a byte that is 1 while it runs and that CPython writes anew each time it begins to run, and only asks whether it is 0: f_executing (3.6 to 3.9), or f_trace_lines (3.10), which generators keep. Null for none.
    /// </summary>
    public int? Mark { get; init; }

    /// <summary>From a frame to the reference by which generators are told (f_gen), where that must be asked.</summary>
    public int? MarkedGenerator { get; init; }

    /// <summary>As of now.</summary>
    public static FrameWalk Of(PythonProcess process)
    {
        PyLayout layout = process.Layout;
        bool isObject = layout.Frame.previous == Offset.Absent;
        bool hasCFrame = layout.Thread.cframe != Offset.Absent;
        _ = process.Glance().TryReadPointer(process.Root.Head, out Address interpreter);
        return new FrameWalk
        {
            Innermost = isObject ? layout.Thread.frame : hasCFrame ? layout.Thread.cframe : layout.Thread.current_frame,
            CFrame = hasCFrame ? layout.CFrame.current_frame : null,
            CFrameBack = hasCFrame ? layout.CFrame.previous : null,
            IsEntry = isObject || layout.Frame.is_entry == Offset.Absent ? null : layout.Frame.is_entry,
            Code = isObject ? layout.FrameObject.f_code : layout.Frame.f_executable,
            CodeMask = ~process.StackRefTags,
            Back = isObject ? layout.FrameObject.f_back : layout.Frame.previous,
            Instruction = isObject ? layout.FrameObject.f_lasti : layout.Frame.instr_ptr,
            InstructionSize = isObject ? 4 : 8,
            Owner = isObject || layout.Frame.owner == Offset.Absent ? null : layout.Frame.owner,
            Chunk = layout.Thread.datastack_chunk != Offset.Absent && process.Version is { Major: 3, Minor: >= 11 and <= 14 } ? layout.Thread.datastack_chunk : null,
            SpareChunks = process.Version.Minor >= 13 ? 1 : 0,
            Mark = OrNull(layout.FrameObject.f_executing) ?? (OrNull(layout.FrameObject.f_gen) is null ? null : OrNull(layout.FrameObject.f_trace_lines)),
            MarkedGenerator = layout.FrameObject.f_executing == Offset.Absent ? OrNull(layout.FrameObject.f_gen) : null,
            Marks = [layout.Code.co_name, layout.Code.co_linetable, layout.Code.co_firstlineno],
            ThreadId = layout.Thread.thread_id,
            NextThread = layout.Thread.next,
            Threads = interpreter.IsNull ? Address.Null : interpreter + layout.Interpreter.threads_head,
        };
    }

    private static int? OrNull(int offset) => offset == Offset.Absent ? null : offset;

    /// <summary>A number made of the marks of the code object at an address; null where they can't be read.</summary>
    public ulong? Print(IMemory memory, Address code)
    {
        ulong print = 0;
        foreach (int mark in Marks)
        {
            if (mark < 0)
                continue;
            if (!memory.TryRead(code + mark, out ulong word))
                return null;
            print = Mix(print, word);
        }

        return print;
    }

    // The same as in agent/stack.c.
    private static ulong Mix(ulong hash, ulong value)
    {
        hash = unchecked((hash ^ value) * 0x9e3779b97f4a7c15);
        return hash ^ hash >> 29;
    }
}
