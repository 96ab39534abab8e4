using System.Text.Json;
using Kaa.Recording.Analysis;
using Kaa.Recording.Memory;

namespace Kaa.Report.Memory.Html;

/// <summary>The time of a recording, in as many stretches as a page shows.</summary>
internal sealed class PageCourse
{
    private const int Stretches = 120;

    private readonly AllocationAnalysis _analysis;

    public PageCourse(AllocationAnalysis analysis)
    {
        _analysis = analysis;
        long end = Math.Max(analysis.Recording.EndMicroseconds ?? 0, analysis.Timeline.Held.Count * analysis.Timeline.StretchLength);
        Length = Math.Max(1, (end + Stretches - 1) / Stretches);
        Count = (int)Math.Clamp((end + Length - 1) / Length, 1, Stretches);
    }

    /// <summary>Microseconds of a stretch.</summary>
    public long Length { get; }

    public int Count { get; }

    public void Write(Utf8JsonWriter json, ReadOnlySpan<byte> key)
    {
        double[] held = new double[Count];
        for (int i = 0; i < _analysis.Timeline.Held.Count; i++)
        {
            int at = Stretch(i * _analysis.Timeline.StretchLength);
            held[at] = Math.Max(held[at], _analysis.Timeline.Held[i]);
        }

        double[] resident = new double[_analysis.Recording.Sizes.Count > 0 ? Count : 0];
        foreach (ProcessSize size in _analysis.Recording.Sizes)
            resident[Stretch(size.Microseconds)] = Math.Max(resident[Stretch(size.Microseconds)], size.Resident);
        for (int i = 1; i < resident.Length; i++)
            resident[i] = resident[i] > 0 ? resident[i] : resident[i - 1];
        json.WriteStartObject(key);
        json.WriteNumber("seconds"u8, Length / 1e6);
        WriteNumbers(json, "held"u8, held);
        WriteNumbers(json, "rss"u8, resident);
        json.WriteEndObject();
    }

    private int Stretch(long microseconds) => (int)Math.Min(microseconds / Length, Count - 1);

    private static void WriteNumbers(Utf8JsonWriter json, ReadOnlySpan<byte> key, double[] numbers)
    {
        json.WriteStartArray(key);
        foreach (double number in numbers)
            json.WriteNumberValue(Math.Round(number));
        json.WriteEndArray();
    }
}
