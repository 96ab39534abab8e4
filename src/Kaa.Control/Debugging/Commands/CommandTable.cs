using Kaa.Results;

namespace Kaa.Control.Debugging.Commands;

/// <summary>
/// All words, found by gdb's rules: the exact name, else an alias, else a beginning that only one name has; word by word for those that have words of their own
/// (<c>i th</c> is <c>info threads</c>).
/// </summary>
public sealed class CommandTable
{
    private readonly Node _root = new("");
    private readonly List<DebugCommand> _commands = [];

    /// <summary>Short names of words that only have words of their own, where a beginning would not do: gdb has "i" for info.</summary>
    private static readonly (string Short, string Name)[] s_short = [("i", "info"), ("inf", "info"), ("se", "set"), ("sho", "show"), ("th", "thread")];

    /// <summary>In the order of their names.</summary>
    public IReadOnlyList<DebugCommand> Commands => _commands;

    /// <exception cref="ArgumentException">There is one of that name.</exception>
    public void Add(DebugCommand command)
    {
        Enter(command.Name, command, isAlias: false);
        foreach (string alias in command.Aliases)
            Enter(alias, command, isAlias: true);
        int place = _commands.FindIndex(other => string.CompareOrdinal(other.Name, command.Name) > 0);
        _commands.Insert(place < 0 ? _commands.Count : place, command);
    }

    /// <param name="argument">What is left of the line.</param>
    /// <exception cref="UserError">There is no such word, or several begin so.</exception>
    public DebugCommand Find(string line, out string argument)
    {
        Node node = _root;
        string rest = line.TrimStart();
        string path = "";
        while (TakeWord(rest, out string word, out string behind))
        {
            if (Child(node, word, path) is not { } next)
                break;
            path = path.Length == 0 ? next.Name : path + " " + next.Name;
            node = next;
            rest = behind;
        }

        argument = rest.Trim();
        if (node.Command is { } command)
            return command;
        throw node == _root ? Unknown(rest) : Incomplete(node, path, rest);
    }

    /// <summary>Names that go on what was typed, for Tab: those of one level.</summary>
    /// <param name="start">Where in the line the word begins that they would take the place of.</param>
    public IReadOnlyList<string> Complete(string line, out int start)
    {
        Node node = _root;
        string rest = line.TrimStart();
        while (TakeWord(rest, out string word, out string behind) && behind.Length > 0 && node.Find(node == _root ? Long(word) : word) is { Children.Count: > 0 } next)
        {
            node = next;
            rest = behind.TrimStart();
        }

        start = line.Length - rest.Length;
        var names = new List<string>();
        foreach (Node child in node.Children)
        {
            if (!child.IsAlias && child.Name.StartsWith(rest, StringComparison.Ordinal))
                names.Add(child.Name);
        }

        names.Sort(string.CompareOrdinal);
        return names;
    }

    /// <summary>Words below one (<c>info</c>), or all of the first level for "".</summary>
    public IReadOnlyList<DebugCommand> Below(string name) =>
        [.. _commands.Where(command => name.Length == 0 ? !command.Name.Contains(' ') : command.Name.StartsWith(name + " ", StringComparison.Ordinal))];

    private void Enter(string name, DebugCommand command, bool isAlias)
    {
        Node node = _root;
        foreach (string word in name.Split(' '))
        {
            Node? next = node.Children.Find(child => child.Name == word);
            if (next is null)
                node.Children.Add(next = new Node(word) { IsAlias = isAlias });
            next.IsAlias &= isAlias;
            node = next;
        }

        if (node.Command is not null)
            throw new ArgumentException("there are two commands of the name " + name);
        node.Command = command;
    }

    private static Node? Child(Node node, string word, string path)
    {
        if (node.Children.Count == 0)
            return null;
        word = path.Length == 0 ? Long(word) : word;
        if (node.Find(word) is { } one)
            return one;
        List<Node> beginning = node.Beginning(word);
        if (beginning.Count < 2)
            return null;

        // A word with words of its own may also take any argument (thread 2, set $x = 1).
        string names = string.Join(", ", beginning.Select(child => child.Name).Order(StringComparer.Ordinal));
        throw new UserError("ambiguous-command", $"Ambiguous {(path.Length == 0 ? "" : path + " ")}command \"{word}\": {names}.");
    }

    private static string Long(string word)
    {
        foreach ((string known, string name) in s_short)
        {
            if (known == word)
                return name;
        }

        return word;
    }

    private static bool TakeWord(string text, out string word, out string rest)
    {
        text = text.TrimStart();
        int length = 0;
        while (length < text.Length && (char.IsAsciiLetterOrDigit(text[length]) || text[length] is '-' or '_' or '!'))
            length++;
        word = text[..length];
        rest = text[length..];
        return length > 0;
    }

    private UserError Unknown(string rest)
    {
        TakeWord(rest, out string word, out _);
        word = word.Length == 0 ? rest : word;
        string? near = Nearest.Of(word, _commands.Where(command => !command.Name.Contains(' ')).Select(command => command.Name));
        return new UserError("unknown-command", $"Undefined command: \"{word}\".  Try \"help\".", near is null ? null : $"did you mean {near}?");
    }

    private static UserError Incomplete(Node node, string path, string rest)
    {
        var names = node.Children.Where(child => !child.IsAlias).Select(child => child.Name).Order(StringComparer.Ordinal).ToList();
        TakeWord(rest, out string word, out _);
        return word.Length == 0
            ? new UserError("incomplete-command", $"\"{path}\" must be followed by the name of a command: {string.Join(", ", names)}.")
            : new UserError(
                "unknown-command", $"Undefined {path} command: \"{word}\".  Try \"help {path}\".",
                Nearest.Of(word, names) is { } near ? $"did you mean {path} {near}?" : null);
    }

    private sealed class Node(string name)
    {
        public string Name { get; } = name;

        public bool IsAlias { get; set; }

        public DebugCommand? Command { get; set; }

        public List<Node> Children { get; } = [];

        /// <summary>The exact one, or the only one that begins so.</summary>
        public Node? Find(string word) => Children.Find(child => child.Name == word) ?? (Beginning(word) is [var only] ? only : null);

        public List<Node> Beginning(string word)
        {
            List<Node> found = Children.FindAll(child => child.Name.StartsWith(word, StringComparison.Ordinal));

            // Several names of one command are no ambiguity.
            return found.Count > 1 && found.TrueForAll(child => child.Command is not null && child.Command == found[0].Command) ? found[..1] : found;
        }
    }
}
