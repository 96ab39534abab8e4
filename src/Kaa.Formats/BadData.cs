namespace Kaa.Formats;

/// <summary>A file, or an image in memory, that breaks the rules of its format. Caught per module.</summary>
public sealed class BadData(string format, long offset, string rule) : Exception($"{format} at {offset:x}: {rule}")
{
    public BadData(string format, ulong offset, string rule)
        : this(format, unchecked((long)offset), rule)
    {
    }

    public string Format { get; } = format;

    public long Offset { get; } = offset;

    public string Rule { get; } = rule;
}
