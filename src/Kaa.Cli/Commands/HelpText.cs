using System.CommandLine;

namespace Kaa.Cli.Commands;

/// <summary>The help of a command.</summary>
internal static class HelpText
{
    private const int Width = 100;
    private const int LongestLeft = 22;

    public static void Write(Command command, TextWriter output)
    {
        KaaCommand root = RootOf(command);
        output.Write("Usage: " + Synopsis.Of(root, command) + "\n\n");
        WriteParagraph(output, command.Description ?? "", "");
        if (command is Verb verb)
        {
            foreach (string detail in verb.Details)
            {
                output.Write('\n');
                WriteParagraph(output, detail, "");
            }
        }
        else
        {
            WriteTable(output, "Commands", root.ShownVerbs.Select(shown => (shown.FullName, shown.Description ?? "")));
        }

        WriteTable(output, "Commands", command == root ? [] : command.Subcommands.OfType<Verb>().Select(member => (member.FullName, member.Description ?? "")));

        WriteTable(output, "Arguments", command.Arguments.Select(argument => (argument.Name, argument.Description ?? "")));
        if (command == root || command.Subcommands.Count == 0)
            WriteTable(output, "Options", root.OptionsOf(command).Where(option => !option.Hidden).Select(option => (Synopsis.Of(option), option.Description ?? "")));
        WriteExamples(output, command is Verb shownVerb ? shownVerb.Examples : [.. root.ShownVerbs.SelectMany(each => each.Examples.Take(1))]);
        if (command == root)
            output.Write("\nSee `kaa COMMAND --help` for what a command does and takes.\n");
    }

    private static KaaCommand RootOf(Command command) => command as KaaCommand ?? RootOf((Command)command.Parents.First());

    private static void WriteTable(TextWriter output, string title, IEnumerable<(string Left, string Right)> rows)
    {
        (string Left, string Right)[] all = [.. rows];
        if (all.Length == 0)
            return;
        output.Write("\n" + title + ":\n");
        int width = Math.Min(LongestLeft, all.Max(row => row.Left.Length));
        foreach ((string left, string right) in all)
        {
            string indent = new(' ', width + 4);
            string head = "  " + left.PadRight(width) + "  ";
            if (left.Length > width)
            {
                output.Write("  " + left + "\n");
                head = indent;
            }

            WriteParagraph(output, right, indent, head);
        }
    }

    private static void WriteExamples(TextWriter output, IReadOnlyList<Example> examples)
    {
        if (examples.Count == 0)
            return;
        output.Write("\nExamples:\n");
        int width = examples.Max(example => example.Command.Length);
        foreach (Example example in examples)
            output.Write("  " + example.Command.PadRight(width) + "  # " + example.Meaning + "\n");
    }

    private static void WriteParagraph(TextWriter output, string text, string indent, string? head = null)
    {
        output.Write(head ?? indent);
        int used = indent.Length;
        foreach (string word in text.Split(' '))
        {
            if (used > indent.Length && used + 1 + word.Length > Width)
            {
                output.Write("\n" + indent);
                used = indent.Length;
            }
            else if (used > indent.Length)
            {
                output.Write(' ');
                used++;
            }

            output.Write(word);
            used += word.Length;
        }

        output.Write('\n');
    }
}
