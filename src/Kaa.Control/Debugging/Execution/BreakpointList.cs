using System.Globalization;
using Kaa.Results;

namespace Kaa.Control.Debugging.Execution;

/// <summary>All breakpoints of a session, by number; and those of Kaa's own.</summary>
public sealed class BreakpointList
{
    private readonly List<Breakpoint> _all = [];
    private readonly List<Breakpoint> _own = [];
    private int _last;

    public IReadOnlyList<Breakpoint> All => _all;

    /// <summary>Those of Kaa's own, with which a command ends.</summary>
    public IReadOnlyList<Breakpoint> Own => _own;

    public Breakpoint Add(string spec, bool isTemporary)
    {
        var breakpoint = new Breakpoint(++_last, spec) { IsTemporary = isTemporary };
        _all.Add(breakpoint);
        return breakpoint;
    }

    public void AddOwn(Breakpoint breakpoint) => _own.Add(breakpoint);

    public void ClearOwn() => _own.Clear();

    public void Remove(Breakpoint breakpoint) => _all.Remove(breakpoint);

    /// <exception cref="UserError">no-breakpoint</exception>
    public Breakpoint Find(string number) =>
        int.TryParse(number.TrimStart('$'), NumberStyles.None, CultureInfo.InvariantCulture, out int wanted) && _all.Find(one => one.Number == wanted) is { } found
            ? found
            : throw new UserError("no-breakpoint", $"No breakpoint number {number}.");

    /// <summary><c>1 3-5</c>; all where nothing is said.</summary>
    /// <exception cref="UserError">no-breakpoint</exception>
    public IReadOnlyList<Breakpoint> Select(string numbers)
    {
        if (numbers.Length == 0)
            return [.. _all];
        var found = new List<Breakpoint>();
        foreach (string word in numbers.Split([' ', ','], StringSplitOptions.RemoveEmptyEntries))
        {
            if (word.Split('-') is [var first, var last] && int.TryParse(first, out int low) && int.TryParse(last, out int high))
                found.AddRange(_all.FindAll(one => one.Number >= low && one.Number <= high));
            else
                found.Add(Find(word));
        }

        return found;
    }

    /// <summary>Those that are at an address of a process and may stop a thread there.</summary>
    public List<Breakpoint> At(ulong address, int pid)
    {
        List<Breakpoint> found = _own.FindAll(IsThere);
        found.AddRange(_all.FindAll(IsThere));
        return found;

        bool IsThere(Breakpoint one) => one.IsEnabled && one.Locations.Any(location => location.Address.Value == address && location.Pid == pid);
    }

    /// <summary>Every address of a process where an enabled one is.</summary>
    public HashSet<ulong> Addresses(int pid)
    {
        var found = new HashSet<ulong>();
        foreach (Breakpoint one in _own.Concat(_all))
        {
            foreach (BreakpointLocation location in one.Locations)
            {
                if (one.IsEnabled && location.Pid == pid)
                    found.Add(location.Address.Value);
            }
        }

        return found;
    }
}
