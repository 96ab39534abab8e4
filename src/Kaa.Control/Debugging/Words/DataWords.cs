using System.Globalization;
using Kaa.Control.Debugging.Commands;
using Kaa.Control.Debugging.Values;
using Kaa.Results;

namespace Kaa.Control.Debugging.Words;

/// <summary><c>print</c> and its kin.</summary>
internal static class DataWords
{
    private const string PrintHelp =
        "[/FORMAT] EXPRESSION\nC's operators on numbers, registers ($rdi, $pc), symbols (malloc, libc.so.6!read), memory by casts (*(int *) $rsi, (char *) $rdi, *(long *) $rsp@4), and "
        + "structs of CPython's with the fields that Kaa knows (*(PyTypeObject *) ADDRESS, ((PyThreadState *) ADDRESS)->interp); a PyObject * prints as repr() would.\n"
        + "Formats: x hex, z padded, d signed, u unsigned, o octal, t binary, a address, c character, f floating point, s as usual, r no repr(). Values are kept as $1, $2, …";

    public static void AddTo(CommandTable table)
    {
        table.Add(new SimpleCommand("print", "Print the value of an expression; nothing of the target runs, but functions that it calls", (session, argument) => Print(session, argument, isSilent: false)) { Also = ["p", "inspect"], More = PrintHelp, Reach = CommandReach.Memory });
        table.Add(new SimpleCommand("output", "Like print, without a number and without a line's end", (session, argument) =>
        {
            DisplayFormat format = DisplayFormat.Take(ref argument);
            session.Output.Write(new ValueText(session, session.Scope).Of(ExpressionReader.Evaluate(argument, session.Scope), format));
        }) { More = "[/FORMAT] EXPRESSION", Reach = CommandReach.Memory });
        table.Add(new SimpleCommand("x", "Examine memory", (session, argument) => new Examination(session).Run(argument))
        {
            More = "[/COUNT FORMAT SIZE] ADDRESS\nFormats as of print, s for texts, i for instructions; sizes b h w g for 1, 2, 4, 8 bytes. Without an address it goes on where the last one ended.",
            Reach = CommandReach.Memory,
        });
        table.Add(new SimpleCommand("whatis", "The type of an expression", (session, argument) => session.Output.Line("type = " + TypeOf(session, argument).Name)) { More = "EXPRESSION" });
        table.Add(new SimpleCommand("ptype", "The type of an expression, with its fields", Describe) { More = "EXPRESSION|TYPE" });
        table.Add(new SimpleCommand("echo", "Print a text; \\n and the like are escapes", (session, argument) => session.Output.Write(Unescaped(argument))) { More = "TEXT", Repeats = false, Reach = CommandReach.Thread });
        table.Add(new SimpleCommand("printf", "Print values by a format as C's printf does", (session, argument) => session.Output.Write(FormattedPrint.Of(session, argument)))
        {
            More = "\"FORMAT\", EXPRESSION, …",
            Reach = CommandReach.Memory,
        });
        table.Add(new SimpleCommand("show values", "The values that were printed", (session, _) =>
        {
            var text = new ValueText(session, session.Scope);
            for (int number = Math.Max(1, session.Values.Count - 9); number <= session.Values.Count; number++)
                session.Output.Line($"${number} = {text.Of(session.Values.Find(number)!, DisplayFormat.None)}");
        }));
        table.Add(new SimpleCommand("show convenience", "The variables that set made", (session, _) =>
        {
            var text = new ValueText(session, session.Scope);
            foreach ((string name, DataValue value) in session.Values.Variables)
                session.Output.Line($"${name} = {text.Of(value, DisplayFormat.None)}");
        }) { Also = ["show conv"] });
    }

    /// <summary><c>print</c>; <c>call</c> where <paramref name="isSilent"/>: void is not told.</summary>
    internal static void Print(DebugSession session, string argument, bool isSilent)
    {
        DisplayFormat format = DisplayFormat.Take(ref argument);
        argument = WithoutOptions(argument);
        DataValue value = argument.Length == 0
            ? session.Values.Back(0) ?? throw Arguments.Missing("print wants an expression")
            : ExpressionReader.Evaluate(argument, session.Scope);
        if (isSilent && value.Type.Kind == DataKind.Void)
            return;
        string text = new ValueText(session, session.Scope).Of(value, format);

        // void is not kept.
        string number = value.Type.Kind == DataKind.Void ? "$" : "$" + session.Values.Add(value).ToString(CultureInfo.InvariantCulture);
        session.Output.Line($"{(value.Type.Kind == DataKind.Void ? "$1".Replace("1", (session.Values.Count + 1).ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal) : number)} = {text}");
    }

    /// <summary><c>print -pretty -- x</c>: gdb's options say nothing here.</summary>
    private static string WithoutOptions(string argument)
    {
        if (!argument.StartsWith('-') || argument.Length < 2 || !char.IsAsciiLetter(argument[1]) || argument.IndexOf(" -- ", StringComparison.Ordinal) is not (>= 0 and int end))
            return argument;
        return argument[(end + 4)..];
    }

    private static DataType TypeOf(DebugSession session, string argument) =>
        ExpressionReader.TypeOf(argument, session.Scope) ?? ExpressionReader.Evaluate(argument, session.Scope).Type;

    private static void Describe(DebugSession session, string argument)
    {
        DataType type = TypeOf(session, argument);
        string stars = "";
        while (type is { Kind: DataKind.Pointer, Of: { Kind: not DataKind.Unknown } to })
        {
            type = to;
            stars += "*";
        }

        if (type.Struct is not { } known)
        {
            session.Output.Line($"type = {type.Name}{(stars.Length > 0 ? " " + stars : "")}");
            return;
        }

        var operators = new Operators(session.Scope);
        session.Output.Line($"type = struct {known.Name} {{");
        foreach (Kaa.Python.Inspection.StructField field in known.Fields)
            session.Output.Line($"/* {field.Offset,6} */    {operators.TypeOf(field).Name} {field.Name};");
        session.Output.Line("    /* fields that Kaa does not know are left out */");
        session.Output.Line("}" + (stars.Length > 0 ? " " + stars : ""));
    }

    internal static string Unescaped(string text)
    {
        var result = new System.Text.StringBuilder();
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] != '\\' || i + 1 == text.Length)
            {
                result.Append(text[i]);
                continue;
            }

            result.Append(text[++i] switch { 'n' => "\n", 't' => "\t", 'r' => "\r", 'a' => "\a", 'e' => "\e", '\n' => "", var other => other.ToString() });
        }

        return result.ToString();
    }
}
