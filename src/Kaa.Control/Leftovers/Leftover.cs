namespace Kaa.Control.Leftovers;

/// <summary>Something of Kaa's that lies in a process although that Kaa has ended, most likely.</summary>
/// <param name="Code">Stable: leftover-copy, leftover-calls, leftover-agent, leftover-run.</param>
/// <param name="Message">One sentence for a person, without a full stop.</param>
/// <param name="Evidence">Where it was seen.</param>
/// <param name="IsActive">The process runs it now and then, or it holds something: worth taking back.</param>
public sealed record Leftover(string Code, string Message, string Evidence, bool IsActive);
