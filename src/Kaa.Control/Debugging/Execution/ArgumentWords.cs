using System.Text;

namespace Kaa.Control.Debugging.Execution;

/// <summary>Arguments of a program as a person types them: words, with quotes and backslashes as in a shell; nothing is expanded.</summary>
internal static class ArgumentWords
{
    public static IReadOnlyList<string> Split(string line)
    {
        var words = new List<string>();
        var word = new StringBuilder();
        bool isInWord = false;
        char quote = '\0';
        for (int i = 0; i < line.Length; i++)
        {
            char c = line[i];
            if (quote != '\0' ? c == quote : c is '"' or '\'')
            {
                quote = quote == '\0' ? c : '\0';
                isInWord = true;
            }
            else if (c == '\\' && quote != '\'' && i + 1 < line.Length)
            {
                word.Append(line[++i]);
                isInWord = true;
            }
            else if (quote == '\0' && char.IsWhiteSpace(c))
            {
                if (isInWord)
                    words.Add(word.ToString());
                word.Clear();
                isInWord = false;
            }
            else
            {
                word.Append(c);
                isInWord = true;
            }
        }

        if (isInWord)
            words.Add(word.ToString());
        return words;
    }
}
