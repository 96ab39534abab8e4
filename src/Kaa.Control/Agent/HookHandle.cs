using Kaa.Formats;

namespace Kaa.Control.Agent;

/// <summary>A hook of a session.</summary>
public sealed class HookHandle
{
    internal HookHandle(int number, HookRequest request)
    {
        Number = number;
        Request = request;
    }

    /// <summary>Bound to its address for as long as the process runs this program.</summary>
    public int Number { get; }

    public HookRequest Request { get; }

    public Address Address => Request.Address;

    /// <summary>Null where the place can't be hooked, or it has not been looked at yet.</summary>
    internal HookPlan? Plan { get; set; }

    /// <summary>Where each displaced instruction was, from the hook on, and where it is run now; empty before it was armed.</summary>
    internal IReadOnlyList<(int From, Address To)> Moved { get; set; } = [];

    /// <summary>Threads that come by are seen.</summary>
    public bool IsArmed { get; internal set; }

    /// <summary>Why it could not be armed; null where it could, or was not tried.</summary>
    public HookRefusal? Refusal { get; internal set; }
}

/// <summary>Why a place can't be hooked.</summary>
/// <param name="Code">Stable, kebab-case: too-short, branch-target, undecodable, not-relocatable, no-hole, not-code, occupied, no-slot, two-pages, returns-otherwise, leaving, busy.</param>
/// <param name="Message">For a person: goes on after "because ".</param>
public sealed record HookRefusal(string Code, string Message)
{
    /// <summary>The code where a jump of Kaa's own lies there still, which is to be taken away.</summary>
    public const string LeavingCode = "leaving";

    public static HookRefusal Leaving { get; } = new(LeavingCode, "a jump of Kaa's own is there still, which can't be taken away while a child of vfork may be in it");
}

/// <summary>What the agent has counted at one hook, over all sessions since the process began.</summary>
/// <param name="Hits">Threads that came by.</param>
/// <param name="Matches">Of those, where the condition held, or could not be told.</param>
/// <param name="Unknown">Of those, where it could not be told.</param>
/// <param name="Lost">Events that found no room in the ring, or no place to wait.</param>
/// <param name="Returns">Return events.</param>
public readonly record struct AgentCounters(ulong Hits, ulong Matches, ulong Unknown, ulong Lost, ulong Returns);
