namespace Kaa.Control.Debugging.Execution;

/// <summary>
/// Has the agent count how often the dynamic linker tells of what it loads (<c>_dl_debug_state</c>), so that in the midst of a run one word says whether its list has changed. Where it
/// can't be hooked the list is read.
/// </summary>
internal sealed class LoaderCount(BreakpointPlanter planter, Func<ulong?> find)
{
    private ulong? _place;
    private bool _isAsked;

    /// <summary>Null where it is not counted.</summary>
    public ulong? Loads => _place is { } place ? planter.Hits(place) : null;

    /// <summary>It goes with the other hooks; where a breakpoint is, that one counts too.</summary>
    public void AddTo(Dictionary<ulong, string> wanted)
    {
        if (!_isAsked)
            (_place, _isAsked) = (find(), true);
        if (_place is { } place)
            _ = wanted.TryAdd(place, StopFilter.Counted);
    }

    /// <summary>The hooks are there, as far as they can be.</summary>
    public void Planted()
    {
        if (_place is { } place && planter.Hits(place) is null)
            _place = null;
    }

    /// <summary>Another program runs there.</summary>
    public void Forget() => (_place, _isAsked) = (null, false);
}
