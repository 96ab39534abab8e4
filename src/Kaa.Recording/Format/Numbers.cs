using Kaa.Formats;

namespace Kaa.Recording.Format;

/// <summary>Numbers of a recording, checked for what they are used as.</summary>
internal static class Numbers
{
    /// <exception cref="BadData">It does not fit.</exception>
    public static long Whole(this ref SpanReader reader)
    {
        ulong value = reader.Uleb();
        return value <= long.MaxValue ? (long)value : throw new BadData("recording", reader.Position, $"{value} is too large a number");
    }

    /// <exception cref="BadData">It does not fit.</exception>
    public static int Number(this ref SpanReader reader)
    {
        ulong value = reader.Uleb();
        return value <= int.MaxValue ? (int)value : throw new BadData("recording", reader.Position, $"{value} is too large a number");
    }
}
