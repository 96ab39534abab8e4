using System.Globalization;
using Kaa.Control.Agent;
using Kaa.Control.Conditions;
using Kaa.Results;

namespace Kaa.Control.Debugging.Execution;

/// <summary>
/// What the agent asks of a thread that comes to an address, so that those which stop at no breakpoint there go on at once. As a condition's text; empty: all wait, and Kaa
/// decides. Kaa asks the whole condition again of those that wait.
/// </summary>
internal static class StopFilter
{
    /// <summary>Nobody waits there: it is counted who comes.</summary>
    public const string Counted = "counted";

    /// <param name="tidsAreSame">The process's ids of threads are those that Kaa knows: it is in no pid namespace of its own.</param>
    public static string Of(IReadOnlyList<Breakpoint> there, bool tidsAreSame)
    {
        string text = "";
        foreach (Breakpoint one in there)
        {
            string own = Of(one, tidsAreSame);
            if (own.Length == 0)
                return "";
            text += text.Length == 0 ? own : " or " + own;
        }

        return text;
    }

    /// <summary>True where Kaa will ask for the Python stack.</summary>
    public static bool WantsStack(string text) => text.Contains("py.", StringComparison.Ordinal);

    /// <summary>Null where the agent can tell nothing.</summary>
    public static ConditionProgram? Compile(string text)
    {
        try
        {
            return text.Length == 0 ? null : ConditionProgram.Compile(ConditionParser.Parse(text));
        }
        catch (UserError)
        {
            return null;
        }
    }

    private static string Of(Breakpoint one, bool tidsAreSame)
    {
        var parts = new List<string>();
        if (one.Tid is { } tid && tidsAreSame)
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"thread.id == {tid}"));
        if (one.LowestStack is > 0 and <= long.MaxValue)
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"$rsp >= {one.LowestStack}"));
        if (one.ConditionText is { } condition)
            parts.Add($"({condition})");
        return parts.Count == 0 ? "" : $"({string.Join(" and ", parts)})";
    }
}
