using System.Globalization;
using Kaa.Results;

namespace Kaa.Cli.Stacks;

/// <summary>The threads that --thread names. All are read whatever it says, since those that wait and those that are waited for belong together.</summary>
internal sealed class ThreadSelection(IReadOnlyList<string> wanted)
{
    /// <exception cref="UserError">There is none of that tid, ident or name.</exception>
    public IReadOnlyList<ThreadStack> Of(IReadOnlyList<ThreadStack> threads, StackTarget target)
    {
        if (wanted.Count == 0)
            return threads;
        foreach (string one in wanted)
        {
            if (!threads.Any(thread => Matches(thread, one)))
                throw NoThread(one, threads, target);
        }

        return [.. threads.Where(thread => wanted.Any(one => Matches(thread, one)))];
    }

    /// <summary>Those in which a shown thread is caught.</summary>
    public IReadOnlyList<Deadlock> Of(IReadOnlyList<Deadlock> deadlocks, IReadOnlyList<ThreadStack> shown) =>
        wanted.Count == 0
            ? deadlocks
            : [.. deadlocks.Where(deadlock => shown.Any(thread => thread.Tid is { } tid && deadlock.Threads.Contains(tid)))];

    private static bool Matches(ThreadStack thread, string wanted) =>
        thread.Name == wanted || thread.Tid?.ToString(CultureInfo.InvariantCulture) == wanted || thread.Ident?.ToString(CultureInfo.InvariantCulture) == wanted;

    private static UserError NoThread(string wanted, IReadOnlyList<ThreadStack> threads, StackTarget target)
    {
        const int Most = 10;
        string known = string.Join(", ", threads.Take(Most).Select(thread => $"{thread.Tid} {thread.Name}".Trim()));
        return new UserError(
            "no-such-thread", $"{target} has no Python thread '{wanted}'", $"it has: {known}{(threads.Count > Most ? ", …" : "")}");
    }
}
