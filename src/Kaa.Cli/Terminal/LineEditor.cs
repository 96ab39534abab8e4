using System.Text;
using Kaa.Linux;
using Kaa.Linux.Terminal;

namespace Kaa.Cli.Terminal;

/// <summary>How a key ended the line.</summary>
internal enum LineEnd
{
    /// <summary>Enter.</summary>
    Entered,

    /// <summary>Ctrl-C: forget it.</summary>
    Cancelled,

    /// <summary>Ctrl-D on an empty line, or the input ended.</summary>
    Closed,
}

/// <summary>
/// Reads lines from a person: emacs' keys, history, completion. In a terminal without a cursor (TERM=dumb), and from a pipe, it reads lines as they come.
/// </summary>
internal sealed class LineEditor(TerminalInput input, StandardStream output, LineHistory history) : IDisposable
{
    private readonly LineBuffer _line = new();
    private readonly LineView _view = new(output);
    private readonly bool _isPlain = !input.IsTerminal || Environment.GetEnvironmentVariable("TERM") is null or "" or "dumb";
    private int _place;
    private string _typed = "";

    /// <summary>What Tab offers: where the word begins that they would take the place of, and the words.</summary>
    public Func<string, (int Start, IReadOnlyList<string> Words)>? Complete { get; set; }

    /// <param name="text">Null unless it was entered.</param>
    public LineEnd Read(string prompt, out string? text)
    {
        if (_isPlain)
            return ReadPlain(prompt, out text);
        input.EnterRaw();
        try
        {
            LineEnd end = Edit(prompt);
            text = end == LineEnd.Entered ? _line.Text : null;
            if (text is not null)
                history.Add(text);
            return end;
        }
        finally
        {
            input.LeaveRaw();
        }
    }

    public void Dispose() => input.Dispose();

    private LineEnd ReadPlain(string prompt, out string? text)
    {
        if (input.IsTerminal)
            output.Write(Encoding.UTF8.GetBytes(prompt));
        text = input.ReadLine();
        return text is null ? LineEnd.Closed : LineEnd.Entered;
    }

    private LineEnd Edit(string prompt)
    {
        _line.Set("");
        _place = history.Lines.Count;
        _view.Begin(prompt);
        while (true)
        {
            _view.Show(_line);
            int key = input.ReadByte();
            switch (key)
            {
                case '\r' or '\n':
                    _line.End();
                    _view.Show(_line);
                    _view.Leave("");
                    return LineEnd.Entered;
                case 3:
                    _view.Leave("^C");
                    return LineEnd.Cancelled;
                case -1 or 4 when key == -1 || _line.Text.Length == 0:
                    _view.Leave("");
                    return LineEnd.Closed;
                case 18:
                    if (Search() is { } ended)
                        return ended;
                    break;
                case 9:
                    Offer();
                    break;
                case 12:
                    _view.Clear();
                    break;
                default:
                    Type(key);
                    break;
            }
        }
    }

    private void Type(int key)
    {
        Action? action = key switch
        {
            1 => _line.Home,
            2 => _line.Left,
            4 => _line.Delete,
            5 => _line.End,
            6 => _line.Right,
            8 or 127 => _line.Backspace,
            11 => _line.CutToEnd,
            14 => Later,
            16 => Earlier,
            20 => _line.Transpose,
            21 => _line.CutToStart,
            23 => _line.CutToBlank,
            25 => _line.PutBack,
            27 => Escape(),
            _ => null,
        };
        if (action is not null)
            action();
        else if (key >= 32)
            _line.Insert(Character(key));
    }

    /// <summary>What a terminal sends for keys that are no characters (xterm's control sequences), and Meta.</summary>
    private Action? Escape()
    {
        int next = input.ReadByte();
        if (next is not ('[' or 'O'))
        {
            return next switch
            {
                'b' => _line.WordLeft,
                'f' => _line.WordRight,
                'd' => _line.CutWordRight,
                127 or 8 => _line.CutWordLeft,
                _ => null,
            };
        }

        string sequence = "";
        do
            next = input.ReadByte();
        while (next >= 0 && (sequence += (char)next).Length < 16 && next is (>= '0' and <= '9') or ';');
        return sequence switch
        {
            "A" => Earlier,
            "B" => Later,
            "C" => _line.Right,
            "D" => _line.Left,
            "H" or "1~" or "7~" => _line.Home,
            "F" or "4~" or "8~" => _line.End,
            "3~" => _line.Delete,
            "1;5C" or "1;3C" => _line.WordRight,
            "1;5D" or "1;3D" => _line.WordLeft,
            _ => null,
        };
    }

    /// <summary>A character of UTF-8 whose first byte has been read.</summary>
    private string Character(int first)
    {
        int more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : first >= 0xc0 ? 1 : 0;
        byte[] bytes = new byte[more + 1];
        bytes[0] = (byte)first;
        for (int i = 1; i <= more; i++)
            bytes[i] = (byte)Math.Max(input.ReadByte(), 0);
        return Encoding.UTF8.GetString(bytes);
    }

    private void Earlier() => Walk(-1);

    private void Later() => Walk(1);

    private void Walk(int step)
    {
        int to = _place + step;
        if (to < 0 || to > history.Lines.Count)
            return;
        if (_place == history.Lines.Count)
            _typed = _line.Text;
        _place = to;
        _line.Set(to == history.Lines.Count ? _typed : history.Lines[to]);
    }

    private void Offer()
    {
        if (Complete is null)
            return;
        (int start, IReadOnlyList<string> words) = Complete(_line.BeforeCursor);
        if (words.Count == 0)
            return;
        string common = words[0];
        foreach (string word in words)
        {
            int length = 0;
            while (length < common.Length && length < word.Length && common[length] == word[length])
                length++;
            common = common[..length];
        }

        if (words.Count == 1)
            _line.Replace(start, common + " ");
        else if (common.Length > _line.Cursor - start)
            _line.Replace(start, common);
        else
            _view.List(words);
    }

    /// <summary>Ctrl-R: the latest line of the history with what is typed in it. Null where the line is edited on.</summary>
    private LineEnd? Search()
    {
        string wanted = "";
        int found = history.Lines.Count;
        while (true)
        {
            string shown = found < history.Lines.Count ? history.Lines[found] : "";
            _view.ShowSearch(wanted, shown);
            int key = input.ReadByte();
            switch (key)
            {
                case 18:
                    found = Find(wanted, found - 1) ?? found;
                    break;
                case 8 or 127:
                    wanted = wanted.Length > 0 ? wanted[..^1] : "";
                    found = Find(wanted, history.Lines.Count - 1) ?? found;
                    break;
                case 3 or 7 or -1:
                    _view.Again();
                    return null;
                case >= 32:
                    wanted += Character(key);
                    found = Find(wanted, Math.Min(found, history.Lines.Count - 1)) ?? found;
                    break;
                default:
                    if (shown.Length > 0)
                        _line.Set(shown);
                    _view.Again();
                    if (key is not ('\r' or '\n'))
                        return null;
                    _view.Show(_line);
                    _view.Leave("");
                    return LineEnd.Entered;
            }
        }
    }

    private int? Find(string wanted, int from)
    {
        for (int i = from; i >= 0; i--)
        {
            if (wanted.Length > 0 && history.Lines[i].Contains(wanted, StringComparison.Ordinal))
                return i;
        }

        return null;
    }
}
