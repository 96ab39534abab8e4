namespace Kaa.Control.Debugging;

/// <summary>What a piece of the session's text is: Kaa.Cli gives it its colour.</summary>
public enum SessionTone
{
    Plain,
    Function,
    Path,
    Faint,
    Marked,
    Alarm,
}

/// <summary>Where a session writes. Nothing is escaped on the way: what a target chose goes through <see cref="SessionText.Data"/>.</summary>
public interface ISessionOutput
{
    /// <summary>Answers.</summary>
    void Write(string text, SessionTone tone = SessionTone.Plain);

    /// <summary>Errors, and notes of what an answer lacks; a line each.</summary>
    void WriteError(string line);

    /// <summary>Before anybody waits.</summary>
    void Flush();
}

public static class SessionText
{
    public static void Line(this ISessionOutput output, string text = "", SessionTone tone = SessionTone.Plain)
    {
        if (text.Length > 0)
            output.Write(text, tone);
        output.Write("\n");
    }

    /// <summary>Text that the target chose: control characters and invisible ones as escapes, line ends included.</summary>
    public static string Data(string? text)
    {
        if (text is null)
            return "";
        var result = new System.Text.StringBuilder(text.Length);
        foreach (char c in text)
        {
            if (char.IsControl(c) || c is >= '\u200b' and <= '\u200f' or >= '\u2028' and <= '\u202e' or >= '\u2060' and <= '\u2069' or '\ufeff')
                result.Append(c <= '\xff' ? $"\\x{(int)c:x2}" : $"\\u{(int)c:x4}");
            else
                result.Append(c);
        }

        return result.ToString();
    }
}
