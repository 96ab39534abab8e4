using System.Globalization;
using System.Text;
using Kaa.Formats;

namespace Kaa.Python.Objects.Printing;

/// <summary>
/// Text up to a limit. Once something did not fit, it is <see cref="Full"/> and takes no more; walks look at that and end.
/// </summary>
internal sealed class ReprWriter(int limit)
{
    /// <summary>What a cut text ends with.</summary>
    public const char Ellipsis = '…';

    private readonly StringBuilder _text = new();
    private int _left = limit;

    public bool Full { get; private set; }

    public void Write(char c)
    {
        // The second half of a surrogate pair is no character of its own.
        int size = char.IsLowSurrogate(c) && _text.Length > 0 && char.IsHighSurrogate(_text[^1]) ? 0 : 1;
        if (Full || size > _left)
        {
            Full = true;
            return;
        }

        _left -= size;
        _text.Append(c);
    }

    public void Write(ReadOnlySpan<char> text)
    {
        foreach (char c in text)
        {
            if (Full)
                return;
            Write(c);
        }
    }

    public void Write(long number) => Write(number.ToString(CultureInfo.InvariantCulture));

    public void Write(Address address) => Write(address.ToString());

    public override string ToString() => Full ? _text.ToString() + Ellipsis : _text.ToString();
}
