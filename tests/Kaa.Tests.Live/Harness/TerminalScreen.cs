using System.Text;

namespace Kaa.Tests.Live.Harness;

/// <summary>What a terminal shows of what is written to it: as much of xterm as Kaa's screens use. Anything else is an error, so that a test sees it.</summary>
public sealed class TerminalScreen(int width, int height)
{
    private readonly Decoder _decoder = Encoding.UTF8.GetDecoder();
    private readonly StringBuilder _sequence = new();
    private readonly StringBuilder _main = new();
    private List<char[]> _rows = Blank(width, height);
    private int _row;
    private int _column;
    private bool _isEscaped;

    /// <summary>The alternate screen is shown; else lines go to <see cref="Main"/>.</summary>
    public bool IsAlternate { get; private set; }

    public bool HasCursor { get; private set; } = true;

    public bool Wraps { get; private set; } = true;

    /// <summary>All that was written outside of the alternate screen.</summary>
    public string Main => _main.ToString();

    /// <summary>The rows of the alternate screen, without blanks at their ends.</summary>
    public string Text => string.Join('\n', _rows.Select(row => new string(row).TrimEnd())).TrimEnd('\n');

    public void Resize(int columns, int rows)
    {
        (width, height) = (columns, rows);
        _rows = Blank(width, height);
        (_row, _column) = (0, 0);
    }

    public void Write(ReadOnlySpan<byte> bytes)
    {
        char[] characters = new char[bytes.Length];
        int count = _decoder.GetChars(bytes, characters, flush: false);
        foreach (char character in characters.AsSpan(0, count))
            Write(character);
    }

    private void Write(char character)
    {
        if (_isEscaped)
            Collect(character);
        else if (character == '\e')
            (_isEscaped, _) = (true, _sequence.Clear());
        else if (IsAlternate)
            Put(character);
        else
            _main.Append(character);
    }

    private void Collect(char character)
    {
        _sequence.Append(character);
        if (_sequence.Length == 1 || character is (>= '0' and <= '9') or ';' or '?')
            return;
        _isEscaped = false;
        Obey(_sequence.ToString());
    }

    private void Obey(string sequence)
    {
        switch (sequence)
        {
            case "[?1049h" or "[?1049l":
                IsAlternate = sequence[^1] == 'h';
                (_row, _column) = (0, 0);
                _rows = Blank(width, height);
                break;
            case "[?25h" or "[?25l":
                HasCursor = sequence[^1] == 'h';
                break;
            case "[?7h" or "[?7l":
                Wraps = sequence[^1] == 'h';
                break;
            case "[H":
                (_row, _column) = (0, 0);
                break;
            case "[K":
                Array.Fill(_rows[_row], ' ', _column, width - _column);
                break;
            case "[J":
                Array.Fill(_rows[_row], ' ', _column, width - _column);
                for (int row = _row + 1; row < height; row++)
                    Array.Fill(_rows[row], ' ');
                break;
            default:
                if (sequence[^1] != 'm')
                    throw new InvalidOperationException($"a terminal was told \\e{sequence}");
                break;
        }
    }

    private void Put(char character)
    {
        switch (character)
        {
            case '\r':
                _column = 0;
                break;
            case '\n' when _row == height - 1:
                // What was written for a higher screen, just before it was made lower.
                _rows.RemoveAt(0);
                _rows.Add(new string(' ', width).ToCharArray());
                break;
            case '\n':
                _row++;
                break;
            default:
                _rows[_row][Math.Min(_column++, width - 1)] = character;
                _column = Math.Min(_column, width - 1 + (Wraps ? 1 : 0));
                break;
        }
    }

    private static List<char[]> Blank(int width, int height) => [.. Enumerable.Range(0, height).Select(_ => new string(' ', width).ToCharArray())];
}
