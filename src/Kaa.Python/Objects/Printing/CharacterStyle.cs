using System.Globalization;
using System.Text;

namespace Kaa.Python.Objects.Printing;

/// <summary>How one character is written between quotes.</summary>
internal sealed class CharacterStyle
{
    /// <summary>bytes, and all text of 2.7: everything but printable ASCII is escaped.</summary>
    public static readonly CharacterStyle AsciiOnly = new(ascii: true, default);

    private readonly bool _ascii;
    private readonly PythonVersion _version;

    /// <summary>3.x: what is printable in that version's Unicode stands for itself.</summary>
    public CharacterStyle(PythonVersion version)
        : this(ascii: false, version)
    {
    }

    private CharacterStyle(bool ascii, PythonVersion version)
    {
        _ascii = ascii;
        _version = version;
    }

    /// <summary>Characters that <see cref="Write"/> makes of it; of a quote 1.</summary>
    public int Length(int point)
    {
        if (point is '\\' or '\t' or '\n' or '\r')
            return 2;
        if (IsPlain(point))
            return 1;
        return point <= 0xff ? 4 : point <= 0xffff ? 6 : 10;
    }

    public void Write(ReprWriter text, int point, char quote)
    {
        switch (point)
        {
            case '\t':
                text.Write("\\t");
                break;
            case '\n':
                text.Write("\\n");
                break;
            case '\r':
                text.Write("\\r");
                break;
            case '\\' or '\'' or '"' when point == '\\' || point == quote:
                text.Write('\\');
                text.Write((char)point);
                break;
            default:
                if (IsPlain(point))
                    Plain(text, point);
                else
                    Escape(text, point);
                break;
        }
    }

    private static void Plain(ReprWriter text, int point)
    {
        if (point <= 0xffff)
            text.Write((char)point);
        else
            text.Write(new Rune(point).ToString());
    }

    private static void Escape(ReprWriter text, int point)
    {
        (string start, string format) = point switch
        {
            >= 0 and <= 0xff => ("\\x", "x2"),
            >= 0 and <= 0xffff => ("\\u", "x4"),
            _ => ("\\U", "x8"),
        };
        text.Write(start);
        text.Write(point.ToString(format, CultureInfo.InvariantCulture));
    }

    private bool IsPlain(int point) =>
        point is >= 0x20 and < 0x7f || (!_ascii && point >= 0x80 && point <= 0x10ffff && UnicodePrintable.Is(point, _version));
}
