namespace Kaa.Doctor;

/// <summary>Words of a remedy that came from elsewhere, so that a shell takes them for one word and nothing else.</summary>
internal static class ShellWord
{
    public static string Of(string word)
    {
        bool isPlain = word.Length > 0;
        foreach (char one in word)
            isPlain &= char.IsAsciiLetterOrDigit(one) || one is '/' or '.' or '_' or '-' or '+' or ':' or ',' or '=' or '@' or '%';
        return isPlain ? word : "'" + word.Replace("'", "'\\''", StringComparison.Ordinal) + "'";
    }
}
