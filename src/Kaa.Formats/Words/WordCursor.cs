using System.Text;

namespace Kaa.Formats.Words;

/// <summary>Goes along what a person has typed in one of the small languages: conditions, expressions of C, expressions of Python.</summary>
public sealed class WordCursor(string text)
{
    /// <summary>Of the character that is next.</summary>
    public int Place { get; private set; }

    /// <summary>NUL at the end.</summary>
    public char Peek => Ahead(0);

    public char Ahead(int count) => Place + count < text.Length ? text[Place + count] : '\0';

    /// <summary>Goes to where the next word begins; false where there is none.</summary>
    public bool FindWord()
    {
        while (Place < text.Length && char.IsWhiteSpace(text[Place]))
            Place++;
        return Place < text.Length;
    }

    public void Skip(int count = 1) => Place += count;

    /// <summary>Back to an earlier place.</summary>
    public void Return(int place) => Place = place;

    public bool Take(string word)
    {
        if (string.CompareOrdinal(text, Place, word, 0, word.Length) != 0)
            return false;
        Place += word.Length;
        return true;
    }

    /// <summary>The first of these that is next; null for none of them.</summary>
    /// <param name="signs">Those that begin as others do, in front of them.</param>
    public string? TakeSign(string[] signs)
    {
        foreach (string sign in signs)
        {
            if (Take(sign))
                return sign;
        }

        return null;
    }

    /// <summary>Letters, digits and underscores; may be empty.</summary>
    public string TakeName()
    {
        int start = Place;
        while (Place < text.Length && (text[Place] == '_' || char.IsLetterOrDigit(text[Place])))
            Place++;
        return text[start..Place];
    }

    /// <summary>The same, of ASCII alone.</summary>
    public string TakeAsciiName()
    {
        int start = Place;
        while (Place < text.Length && (text[Place] == '_' || char.IsAsciiLetterOrDigit(text[Place])))
            Place++;
        return text[start..Place];
    }

    /// <summary>What stands between this quote, which is next, and one like it; null where there is none.</summary>
    /// <param name="escaped">What a character behind a backslash stands for; null where the backslash is one of the text.</param>
    public string? TakeQuoted(Func<char, char?> escaped)
    {
        char quote = Peek;
        var result = new StringBuilder();
        for (Place++; Place < text.Length; Place++)
        {
            char c = text[Place];
            if (c == quote)
            {
                Place++;
                return result.ToString();
            }

            if (c == '\\' && Place + 1 < text.Length && escaped(text[Place + 1]) is { } meant)
            {
                Place++;
                c = meant;
            }

            result.Append(c);
        }

        return null;
    }
}
