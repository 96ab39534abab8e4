namespace Kaa.Cli.Terminal;

/// <summary>The line that is being typed, and where in it the cursor stands; what was cut can be put back.</summary>
internal sealed class LineBuffer
{
    private string _cut = "";

    public string Text { get; private set; } = "";

    public int Cursor { get; private set; }

    public string BeforeCursor => Text[..Cursor];

    public void Set(string text) => (Text, Cursor) = (text, text.Length);

    public void Insert(string text)
    {
        Text = Text.Insert(Cursor, text);
        Cursor += text.Length;
    }

    /// <summary>Takes the place of what stands between a column and the cursor.</summary>
    public void Replace(int start, string text)
    {
        Text = Text[..start] + text + Text[Cursor..];
        Cursor = start + text.Length;
    }

    public void Left() => Cursor -= Cursor > 1 && char.IsLowSurrogate(Text[Cursor - 1]) ? 2 : Cursor > 0 ? 1 : 0;

    public void Right() => Cursor += Cursor < Text.Length - 1 && char.IsHighSurrogate(Text[Cursor]) ? 2 : Cursor < Text.Length ? 1 : 0;

    public void Home() => Cursor = 0;

    public void End() => Cursor = Text.Length;

    public void WordLeft() => Cursor = WordStart();

    public void WordRight() => Cursor = WordEnd();

    public void Backspace()
    {
        int end = Cursor;
        Left();
        Text = Text.Remove(Cursor, end - Cursor);
    }

    public void Delete()
    {
        int start = Cursor;
        Right();
        int end = Cursor;
        Cursor = start;
        Text = Text.Remove(start, end - start);
    }

    public void CutToEnd() => Cut(Cursor, Text.Length);

    public void CutToStart() => Cut(0, Cursor);

    public void CutWordLeft() => Cut(WordStart(), Cursor);

    public void CutWordRight() => Cut(Cursor, WordEnd());

    /// <summary>Back to a blank, as a terminal does by Ctrl-W.</summary>
    public void CutToBlank()
    {
        int start = Cursor;
        while (start > 0 && Text[start - 1] == ' ')
            start--;
        while (start > 0 && Text[start - 1] != ' ')
            start--;
        Cut(start, Cursor);
    }

    public void PutBack() => Insert(_cut);

    /// <summary>Swaps the letters around the cursor.</summary>
    public void Transpose()
    {
        int at = Math.Min(Cursor, Text.Length - 1);
        if (at < 1)
            return;
        Text = Text[..(at - 1)] + Text[at] + Text[at - 1] + Text[(at + 1)..];
        Cursor = at + 1;
    }

    private void Cut(int start, int end)
    {
        _cut = Text[start..end];
        Text = Text.Remove(start, end - start);
        Cursor = start;
    }

    private int WordStart()
    {
        int at = Cursor;
        while (at > 0 && !char.IsLetterOrDigit(Text[at - 1]))
            at--;
        while (at > 0 && char.IsLetterOrDigit(Text[at - 1]))
            at--;
        return at;
    }

    private int WordEnd()
    {
        int at = Cursor;
        while (at < Text.Length && !char.IsLetterOrDigit(Text[at]))
            at++;
        while (at < Text.Length && char.IsLetterOrDigit(Text[at]))
            at++;
        return at;
    }
}
