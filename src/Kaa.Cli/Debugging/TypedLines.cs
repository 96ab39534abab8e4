using Kaa.Cli.Terminal;
using Kaa.Control.Debugging;
using Kaa.Control.Debugging.Commands;

namespace Kaa.Cli.Debugging;

/// <summary>Lines that a person types, or a pipe holds.</summary>
internal sealed class TypedLines(LineEditor editor, DebugSession session, bool isTerminal) : ILineSource
{
    public bool IsInteractive => isTerminal;

    /// <summary>Of a block too: Ctrl-C there ends the block.</summary>
    public string? ReadLine(string prompt)
    {
        session.Output.Flush();
        return editor.Read(prompt, out string? text) switch
        {
            LineEnd.Cancelled => throw new OperationCanceledException(),
            _ => text,
        };
    }

    /// <summary>What Tab offers.</summary>
    public static (int Start, IReadOnlyList<string> Words) Complete(DebugSession session, string line)
    {
        IReadOnlyList<string> words = session.Commands.Complete(line, out int start);
        if (words.Count > 0)
            return (start, words);
        try
        {
            DebugCommand command = session.Commands.Find(line, out string argument);
            string last = argument[(argument.LastIndexOfAny([' ', '*', '(', ',']) + 1)..];
            return (line.Length - last.Length, [.. command.Complete(session, argument)]);
        }
        catch (Kaa.Results.UserError)
        {
            return (line.Length, []);
        }
    }
}
