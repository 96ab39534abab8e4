namespace Kaa.Recording.Analysis;

/// <summary>The most that was held in each stretch of time; stretches double in length as often as it takes to have few of them.</summary>
public sealed class Timeline
{
    private const int MostStretches = 2048;
    private const long FirstLength = 1000; // µs

    private readonly List<double> _held = [];
    private double _now;

    /// <summary>Microseconds.</summary>
    public long StretchLength { get; private set; } = FirstLength;

    /// <summary>Bytes: the most in each stretch, the first one first.</summary>
    public IReadOnlyList<double> Held => _held;

    public void Change(long microseconds, double held)
    {
        while (microseconds / StretchLength >= MostStretches)
            Halve();
        int stretch = (int)(microseconds / StretchLength);
        while (_held.Count <= stretch)
            _held.Add(_now);
        _now = held;
        _held[stretch] = Math.Max(_held[stretch], held);
    }

    private void Halve()
    {
        StretchLength *= 2;
        int kept = (_held.Count + 1) / 2;
        for (int i = 0; i < kept; i++)
            _held[i] = Math.Max(_held[2 * i], 2 * i + 1 < _held.Count ? _held[2 * i + 1] : 0);
        _held.RemoveRange(kept, _held.Count - kept);
    }
}
