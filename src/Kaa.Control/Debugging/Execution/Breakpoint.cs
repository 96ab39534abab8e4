using Kaa.Control.Conditions;
using Kaa.Formats;
using Kaa.Results;

namespace Kaa.Control.Debugging.Execution;

/// <summary>One place of a breakpoint.</summary>
/// <param name="Symbol">The function that it is in; null where no symbol tells.</param>
public sealed record BreakpointLocation(Address Address, string? Symbol, long Offset, string Module)
{
    /// <summary>Of the process that it is in.</summary>
    public int Pid { get; init; }

    /// <summary>The function that was named, where this is the implementation which the loader has chosen for it (IFUNC); null for others.</summary>
    public string? ChosenFor { get; init; }

    /// <summary>The source line that was named; null where it was not by a line.</summary>
    public string? File { get; init; }

    public int Line { get; init; }

    public string What => File is { } file ? $"in {Symbol ?? "??"} at {file}:{Line}" : Symbol is null ? "" : Offset == 0 ? $"<{Symbol}>" : $"<{Symbol}+{Offset}>";
}

/// <summary>A breakpoint as gdb numbers them, or one of Kaa's own that goes with a command (<c>finish</c>).</summary>
public sealed class Breakpoint(int number, string spec)
{
    public int Number { get; } = number;

    /// <summary>Where, as it was typed.</summary>
    public string Spec { get; } = spec;

    /// <summary>Deleted when it has stopped the process.</summary>
    public bool IsTemporary { get; init; }

    public bool IsEnabled { get; set; } = true;

    /// <summary>How often it is still to be passed over.</summary>
    public long Ignore { get; set; }

    /// <summary>How often its condition held.</summary>
    public long Hits { get; set; }

    public string? ConditionText { get; private set; }

    public ConditionNode? Condition { get; private set; }

    /// <summary>What is done when it has stopped the process.</summary>
    public IReadOnlyList<string> Commands { get; set; } = [];

    /// <summary>In all processes that are debugged. Empty while it is pending: nothing that is loaded has such a place.</summary>
    public IReadOnlyList<BreakpointLocation> Locations { get; set; } = [];

    public bool IsPending => Locations.Count == 0;

    public bool IsPendingIn(int pid) => !Locations.Any(location => location.Pid == pid);

    /// <summary>Those that it has in a process now, in place of those that it had there.</summary>
    public void SetLocations(int pid, IReadOnlyList<BreakpointLocation> now) => Locations = [.. Locations.Where(location => location.Pid != pid), .. now];

    /// <summary>Only this thread stops there; null for all.</summary>
    public int? Tid { get; set; }

    /// <summary>Of Kaa's own: it counts only where the stack pointer is at least so high, that is, in the frame that was meant or one outside of it.</summary>
    public ulong LowestStack { get; init; }

    /// <summary>Of Kaa's own: where on the stack the address lies to which that frame returns; null where no return leads there.</summary>
    public ulong? ReturnSlot { get; init; }

    /// <param name="text">Empty: none.</param>
    /// <exception cref="UserError">condition</exception>
    public void SetCondition(string text)
    {
        Condition = text.Length == 0 ? null : ConditionParser.Parse(text);
        ConditionText = text.Length == 0 ? null : text;
    }
}
