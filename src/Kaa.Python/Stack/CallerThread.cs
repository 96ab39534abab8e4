using Kaa.Formats;
using Kaa.Results;

namespace Kaa.Python.Stack;

/// <summary>A thread of the target as <see cref="CallerStacks"/> knows it between its hits.</summary>
/// <param name="pointer">Its thread pointer, which is what <c>pthread_self()</c> gives; 0 where that is not known.</param>
/// <param name="namespaceTid">Its id as the target sees it.</param>
public sealed class CallerThread(ulong pointer, int namespaceTid)
{
    public ulong Pointer { get; } = pointer;

    public int NamespaceTid { get; } = namespaceTid;

    /// <summary>What Python calls it; null where it has not been learned.</summary>
    public string? Name { get; internal set; }

    /// <summary>Its <c>PyThreadState</c>s, the newest first: one for each interpreter that it runs.</summary>
    internal List<CallerState> States { get; } = [];

    /// <summary>When nothing was found for it: the state of the list of threads then. Null where something was.</summary>
    internal ulong? FoundNothingAt { get; set; }

    internal List<RawFrame> LastFrames { get; } = [];

    internal TraceStack? LastStack { get; set; }
}

internal readonly record struct CallerState(Address Address, Address Interpreter);
