namespace Kaa.Report.Text;

/// <summary>What a piece of text is, which decides its colour.</summary>
public enum Tone
{
    Plain,
    Heading,
    Function,
    Path,
    Faint,
    Marked,
    Alarm,
}

/// <summary>Writes lines for a person, with ANSI colours where the reader wants them.</summary>
public sealed class StyledWriter(TextWriter output, bool colour)
{
    public bool Colour => colour;

    /// <summary>Text of our own: written as it is.</summary>
    public StyledWriter Text(ReadOnlySpan<char> text)
    {
        output.Write(text);
        return this;
    }

    public StyledWriter Text(long number) => Text(number.ToString(System.Globalization.CultureInfo.InvariantCulture));

    /// <summary>Text of our own in a colour.</summary>
    public StyledWriter Text(ReadOnlySpan<char> text, Tone tone)
    {
        string code = colour && text.Length > 0 ? Code(tone) : "";
        output.Write(code);
        output.Write(text);
        if (code.Length > 0)
            output.Write("\e[0m");
        return this;
    }

    /// <summary>Text that a target chose: escaped.</summary>
    public StyledWriter Data(string text, Tone tone = Tone.Plain) => Text(Printable.Escape(text), tone);

    public StyledWriter Line()
    {
        output.Write('\n');
        return this;
    }

    private static string Code(Tone tone) => tone switch
    {
        Tone.Heading => "\e[1m",
        Tone.Function => "\e[1;36m",
        Tone.Path => "\e[32m",
        Tone.Faint => "\e[2m",
        Tone.Marked => "\e[1;4m",
        Tone.Alarm => "\e[1;31m",
        _ => "",
    };
}
