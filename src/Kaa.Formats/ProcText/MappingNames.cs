namespace Kaa.Formats.ProcText;

/// <summary>The last column of <c>/proc/PID/maps</c>; neighbours that name the same file share one string.</summary>
internal ref struct MappingNames
{
    private ReadOnlySpan<byte> _lastText;
    private string _last = "";
    private bool _lastDeleted;

    public MappingNames()
    {
    }

    public (string Path, bool Deleted) Read(ReadOnlySpan<byte> text)
    {
        if (text.IsEmpty)
            return ("", false);
        if (!text.SequenceEqual(_lastText))
        {
            _lastText = text;
            ReadOnlySpan<byte> suffix = " (deleted)"u8;

            // Only files can be deleted: "[anon:x (deleted)]" does not end so.
            _lastDeleted = text.EndsWith(suffix);
            ReadOnlySpan<byte> name = _lastDeleted ? text[..^suffix.Length] : text;
            _last = name.Contains((byte)'\\') ? Unescape(name) : ProcReader.Decode(name);
        }

        return (_last, _lastDeleted);
    }

    /// <summary>Turns <c>\012</c> and the like into the byte; any other backslash stands for itself.</summary>
    private static string Unescape(ReadOnlySpan<byte> text)
    {
        byte[] bytes = new byte[text.Length];
        int length = 0;
        for (int i = 0; i < text.Length; i++)
        {
            bool escape = text[i] == (byte)'\\' && i + 3 < text.Length && IsOctal(text.Slice(i + 1, 3));
            bytes[length++] = escape ? Octal(text.Slice(i + 1, 3)) : text[i];
            i += escape ? 3 : 0;
        }

        return ProcReader.Decode(bytes.AsSpan(0, length));
    }

    private static bool IsOctal(ReadOnlySpan<byte> digits) => digits[0] is >= (byte)'0' and <= (byte)'3' && !digits.ContainsAnyExceptInRange((byte)'0', (byte)'7');

    private static byte Octal(ReadOnlySpan<byte> digits) => (byte)((digits[0] - '0') * 64 + (digits[1] - '0') * 8 + digits[2] - '0');
}
