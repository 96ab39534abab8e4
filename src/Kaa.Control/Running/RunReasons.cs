using System.Globalization;
using Kaa.Results;

namespace Kaa.Control.Running;

/// <summary>Why no thread could run the code at the last attempt.</summary>
internal sealed class RunReasons(int pid)
{
    private const int Most = 4;

    private readonly List<string> _reasons = [];
    private bool _isGil;

    public void Clear()
    {
        _reasons.Clear();
        _isGil = false;
    }

    public void Add(int tid, string why, bool isGil = false)
    {
        _isGil |= isGil;
        string reason = string.Create(CultureInfo.InvariantCulture, $"thread {tid}: {why}");
        if (!_reasons.Contains(reason) && _reasons.Count < Most)
            _reasons.Add(reason);
    }

    public UserError ToError(TimeSpan waited)
    {
        string time = string.Create(CultureInfo.InvariantCulture, $"{waited.TotalSeconds:0.###} s");
        string why = _reasons.Count > 0 ? "\n" + string.Join('\n', _reasons) : "";
        return new UserError(
            _isGil ? "gil-held" : "no-safe-point",
            string.Create(CultureInfo.InvariantCulture, $"process {pid} came to no point within {time} at which it can run code safely{why}"),
            "nothing was run; kaa bt --native shows what its threads do; --timeout waits for longer");
    }
}
