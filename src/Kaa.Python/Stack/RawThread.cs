using Kaa.Formats;

namespace Kaa.Python.Stack;

/// <summary>A thread of one interpreter as its <c>PyThreadState</c> has it.</summary>
public sealed record RawThread
{
    /// <summary>Of the <c>PyThreadState</c>.</summary>
    public required Address Address { get; init; }

    /// <summary>Of the <c>PyInterpreterState</c>.</summary>
    public required Address Interpreter { get; init; }

    public required long InterpreterId { get; init; }

    /// <summary>The kernel's id as the host sees it; null where it could not be learned.</summary>
    public required int? Tid { get; init; }

    /// <summary>What <c>threading.get_ident()</c> gives; 0 for a thread that has not begun.</summary>
    public required ulong Ident { get; init; }

    /// <summary>The thread that <c>threading.main_thread()</c> names.</summary>
    public bool Main { get; init; }

    /// <summary>Null where there is no GIL, or it is not known who holds it.</summary>
    public bool? HoldsGil { get; init; }

    public bool Gc { get; init; }

    /// <summary>A function of <c>sys.settrace</c>, <c>sys.setprofile</c> or <c>sys.monitoring</c> runs in it.</summary>
    public bool Tracing { get; init; }

    /// <summary>How many threads of the same interpreter began before it.</summary>
    public int Order { get; init; }

    /// <summary>Null where the thread was not wanted.</summary>
    public RawStack? Stack { get; init; }
}

/// <summary>What a look found of all threads.</summary>
/// <param name="Torn">Why the list of threads or interpreters ends early; null where it is complete.</param>
public sealed record RawThreads(IReadOnlyList<RawThread> Threads, string? Torn);
