using System.Text;
using Kaa.Linux;
using Kaa.Linux.Terminal;

namespace Kaa.Cli.Terminal;

/// <summary>Draws the line that is being typed in one row of the terminal, scrolled where it is longer. Every character counts as one column.</summary>
internal sealed class LineView(StandardStream output)
{
    private const string ClearRight = "\e[K";

    private string _prompt = "";

    public void Begin(string prompt) => _prompt = prompt;

    public void Show(LineBuffer line)
    {
        int room = Math.Max(10, TerminalInput.Width - _prompt.Length - 1);
        int first = line.Cursor >= room ? line.Cursor - room + 1 : 0;
        string shown = line.Text[first..Math.Min(line.Text.Length, first + room)];
        int back = shown.Length - (line.Cursor - first);
        Write("\r" + _prompt + shown + ClearRight + (back > 0 ? $"\e[{back}D" : ""));
    }

    public void ShowSearch(string wanted, string found)
    {
        string text = $"(reverse-i-search)`{wanted}': {found}";
        int room = TerminalInput.Width - 1;
        Write("\r" + (text.Length > room ? text[..room] : text) + ClearRight);
    }

    /// <summary>After something else stood in the row.</summary>
    public void Again() => Write("\r" + ClearRight);

    public void Clear() => Write("\e[H\e[2J");

    /// <summary>To the next row.</summary>
    public void Leave(string mark) => Write(mark + "\r\n");

    public void List(IReadOnlyList<string> words)
    {
        const int Most = 200;
        int widest = 2;
        foreach (string word in words)
            widest = Math.Max(widest, word.Length + 2);
        int columns = Math.Max(1, TerminalInput.Width / widest);
        var text = new StringBuilder("\r\n");
        for (int i = 0; i < Math.Min(words.Count, Most); i++)
            text.Append(i % columns == columns - 1 || i == words.Count - 1 ? words[i] + "\r\n" : words[i].PadRight(widest));
        if (words.Count > Most)
            text.Append($"… and {words.Count - Most} more\r\n");
        Write(text.ToString());
    }

    private void Write(string text) => output.Write(Encoding.UTF8.GetBytes(text));
}
