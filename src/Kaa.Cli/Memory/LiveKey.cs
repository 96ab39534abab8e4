using Kaa.Linux.Terminal;

namespace Kaa.Cli.Memory;

/// <summary>What a key of the live screen does; orders and kinds of rows as <see cref="Recording.Analysis.LiveOrder"/> and <see cref="Recording.Analysis.GroupKind"/> have them.</summary>
internal enum LiveKey
{
    None,
    Held,
    Count,
    Allocated,
    Rate,
    Lines,
    Functions,
    Files,
    NextThread,
    AllThreads,
    Up,
    Down,
    PageUp,
    PageDown,
    Top,
    Bottom,
    Quit,
}

internal static class LiveKeys
{
    private const int EndOfText = 3; // Ctrl-C
    private const int EndOfInput = -1;
    private const int Escape = 27;

    /// <summary>One key, all bytes of it; one must be there.</summary>
    public static LiveKey Read(TerminalInput input) => input.ReadByte() switch
    {
        'h' => LiveKey.Held,
        'c' => LiveKey.Count,
        'a' => LiveKey.Allocated,
        'r' => LiveKey.Rate,
        'l' => LiveKey.Lines,
        'f' => LiveKey.Functions,
        'p' => LiveKey.Files,
        't' => LiveKey.NextThread,
        'T' => LiveKey.AllThreads,
        'k' => LiveKey.Up,
        'j' => LiveKey.Down,
        'b' => LiveKey.PageUp,
        ' ' => LiveKey.PageDown,
        'g' => LiveKey.Top,
        'G' => LiveKey.Bottom,
        'q' or 'Q' or EndOfText or EndOfInput => LiveKey.Quit,
        Escape => ReadSequence(input),
        _ => LiveKey.None,
    };

    /// <summary>What a terminal sends for keys that are no characters (xterm's control sequences). Escape alone is nothing.</summary>
    private static LiveKey ReadSequence(TerminalInput input)
    {
        if (!input.HasByte || input.ReadByte() is not ('[' or 'O'))
            return LiveKey.None;
        int parameter = 0;
        while (input.HasByte)
        {
            int next = input.ReadByte();
            switch (next)
            {
                case >= '0' and <= '9':
                    parameter = next - '0';
                    break;
                case ';':
                    break;
                default:
                    return Named(next, parameter);
            }
        }

        return LiveKey.None;
    }

    private static LiveKey Named(int last, int parameter) => (last, parameter) switch
    {
        ('A', _) => LiveKey.Up,
        ('B', _) => LiveKey.Down,
        ('H', _) or ('~', 1) => LiveKey.Top,
        ('F', _) or ('~', 4) => LiveKey.Bottom,
        ('~', 5) => LiveKey.PageUp,
        ('~', 6) => LiveKey.PageDown,
        _ => LiveKey.None,
    };
}
