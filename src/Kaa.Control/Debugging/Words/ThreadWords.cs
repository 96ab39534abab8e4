using System.Globalization;
using System.Text.RegularExpressions;
using Kaa.Control.Debugging.Commands;
using Kaa.Control.Debugging.Stack;
using Kaa.Python.Stack;
using Kaa.Results;

namespace Kaa.Control.Debugging.Words;

/// <summary><c>info threads</c>, <c>thread</c> and its words.</summary>
internal static class ThreadWords
{
    public static void AddTo(CommandTable table)
    {
        table.Add(new SimpleCommand("info threads", "List the threads: the kernel's name, and where each is", List) { More = "[NUMBER…]" });
        table.Add(new SimpleCommand("thread", "Select a thread by its number, or say which is selected", Select) { Also = ["t"], More = "[NUMBER]" });
        table.Add(new SimpleCommand("thread apply", "Run a word for several threads", Apply)
        {
            More = "all|NUMBER… [-ascending] [-q] [-c] [-s] WORD\nNUMBER may be a range (2-4). -q leaves out the headings, -c goes on after an error, -s does so silently.",
        });
        table.Add(new SimpleCommand("taas", "thread apply all -s", (session, argument) => Apply(session, "all -s " + argument)));
        table.Add(new SimpleCommand("thread name", "Give the selected thread a name in this session", (session, argument) => session.RequireThread().GivenName = argument.Length == 0 ? null : argument)
        {
            More = "[NAME]",
        });
        table.Add(new SimpleCommand("thread find", "Find threads by a pattern in their names, ids or Python's names", Find) { More = "REGEX" });
    }

    /// <summary><c>Thread 0x7f… (LWP 4711) "python3"</c>.</summary>
    public static string Title(InferiorThread thread, bool withName = true)
    {
        string name = withName && thread.Name is { } known ? $" \"{SessionText.Data(known)}\"" : "";
        return thread.Kernel.ThreadPointer is { } pointer
            ? string.Create(CultureInfo.InvariantCulture, $"Thread {pointer} (LWP {thread.Tid}){name}")
            : string.Create(CultureInfo.InvariantCulture, $"LWP {thread.Tid}{name}");
    }

    private static void List(DebugSession session, string argument)
    {
        session.RequireStill();
        HashSet<int>? wanted = argument.Length == 0 ? null : [.. Numbers(argument)];
        var rows = new List<(InferiorThread Thread, string Title)>();
        foreach (InferiorThread thread in session.Inferior!.Threads)
        {
            if (wanted?.Contains(thread.Number) != false)
                rows.Add((thread, Title(thread)));
        }

        if (rows.Count == 0)
        {
            session.Output.Line(wanted is null ? "No threads." : $"No threads match '{argument}'.");
            return;
        }

        int width = Math.Max("Target Id".Length, rows.Max(row => row.Title.Length));
        int numbers = Math.Max(4, rows.Max(row => row.Thread.Number).ToString(CultureInfo.InvariantCulture).Length);
        session.Output.Line("  " + "Id".PadRight(numbers) + " " + "Target Id".PadRight(width) + " Frame ");
        var lines = new FrameLines(session);
        foreach ((InferiorThread thread, string title) in rows)
        {
            session.Options.ThrowIfInterrupted();
            StackView view = session.Stack.Of(thread);
            FrameView frame = thread == session.Thread ? view.Frames[Math.Min(session.Stack.Level, view.Frames.Count - 1)] : view.Frames[0];
            session.Output.Write((thread == session.Thread ? "* " : "  ") + thread.Number.ToString(CultureInfo.InvariantCulture).PadRight(numbers) + " " + title.PadRight(width) + " ");
            lines.WriteBare(frame, view);
            session.Output.Line();
        }

        if (session.Inferior is LiveInferior && rows.Exists(row => row.Thread.IsPartial))
            session.Output.WriteError("threads in system calls that an interrupt would end were left asleep: of their registers only rip and rsp are known");
    }

    private static void Select(DebugSession session, string argument)
    {
        InferiorThread selected = session.RequireThread();
        if (argument.Length == 0)
        {
            session.Output.Line($"[Current thread is {selected.Number} ({Title(selected, withName: false)})]");
            return;
        }

        int number = Arguments.Number(session, argument, 0);
        InferiorThread thread = ByNumber(session, number) ?? throw new UserError("no-thread", $"Unknown thread {argument}.", "info threads lists them");
        session.Select(thread);
        session.Stack.Select(0);
        session.Output.Line($"[Switching to thread {thread.Number} ({Title(thread, withName: false)})]");
        StackView view = session.Stack.View;
        new FrameLines(session).Write(view.Frames[0], view);
    }

    private static InferiorThread? ByNumber(DebugSession session, int number)
    {
        foreach (InferiorThread thread in session.Inferior!.Threads)
        {
            if (thread.Number == number)
                return thread;
        }

        return null;
    }

    private static void Apply(DebugSession session, string argument)
    {
        InferiorThread selected = session.RequireThread();
        int level = session.Stack.Level;
        (List<InferiorThread> threads, ApplyFlags flags, string line) = Parse(session, argument);
        try
        {
            foreach (InferiorThread thread in threads)
            {
                session.Options.ThrowIfInterrupted();
                session.Select(thread);
                session.Stack.Select(0);
                ApplyOne(session, thread, flags, line);
            }
        }
        finally
        {
            if (session.Inferior is { } inferior && inferior.Threads.Any(thread => thread.Tid == selected.Tid))
            {
                session.Select(inferior.Threads.First(thread => thread.Tid == selected.Tid));
                session.Stack.Select(level);
            }
        }
    }

    private static void ApplyOne(DebugSession session, InferiorThread thread, ApplyFlags flags, string line)
    {
        if (!flags.HasFlag(ApplyFlags.Quiet))
            session.Output.Line($"\nThread {thread.Number} ({Title(thread)}):");
        try
        {
            session.Execute(line);
        }
        catch (UserError error) when (flags.HasFlag(ApplyFlags.Continue) || flags.HasFlag(ApplyFlags.Silent))
        {
            if (!flags.HasFlag(ApplyFlags.Silent))
                session.Output.WriteError(error.Message);
        }
    }

    private static (List<InferiorThread> Threads, ApplyFlags Flags, string Line) Parse(DebugSession session, string argument)
    {
        var flags = ApplyFlags.None;
        bool isAscending = false;
        bool isAll = false;
        var numbers = new List<int>();
        string rest = argument;
        while (true)
        {
            string word = rest.Split(' ', 2)[0];
            if (word == "all")
                isAll = true;
            else if (word is "-ascending")
                isAscending = true;
            else if (word is "-q" or "-c" or "-s")
                flags |= word switch { "-q" => ApplyFlags.Quiet, "-c" => ApplyFlags.Continue, _ => ApplyFlags.Silent };
            else if (word.Length > 0 && (char.IsAsciiDigit(word[0]) || word[0] == '$'))
                numbers.AddRange(word[0] == '$' ? [Arguments.Number(session, word, 0)] : Numbers(word));
            else
                break;
            rest = rest[word.Length..].TrimStart();
        }

        if (rest.Length == 0 || (!isAll && numbers.Count == 0))
            throw Arguments.Missing(isAll || numbers.Count > 0 ? "Please specify a command to apply on the selected threads" : "Please specify a thread ID list");
        List<InferiorThread> threads = [.. session.Inferior!.Threads.Where(thread => isAll || numbers.Contains(thread.Number))];
        if (isAll && !isAscending)
            threads.Reverse();
        foreach (int number in numbers)
        {
            if (!threads.Exists(thread => thread.Number == number))
                session.Output.WriteError($"Unknown thread {number}.");
        }

        return (threads, flags, rest);
    }

    /// <summary>Numbers and ranges: <c>1 3-5</c>.</summary>
    private static IEnumerable<int> Numbers(string text)
    {
        foreach (string word in text.Split([' ', ','], StringSplitOptions.RemoveEmptyEntries))
        {
            string[] ends = word.Split('-', 2);
            if (!int.TryParse(ends[0], NumberStyles.None, CultureInfo.InvariantCulture, out int first)
                || !int.TryParse(ends[^1], NumberStyles.None, CultureInfo.InvariantCulture, out int last) || last - first > Kaa.Formats.Limits.PrintedItems)
                throw new UserError("argument", $"Invalid thread ID: {word}");
            for (int number = first; number <= last; number++)
                yield return number;
        }
    }

    private static void Find(DebugSession session, string argument)
    {
        session.RequireStill();
        Regex pattern = Patterns.Of(argument);
        bool any = false;
        foreach (InferiorThread thread in session.Inferior!.Threads)
        {
            RawThread? python = session.Stack.Moment?.Find(thread.Tid);
            string? name = python is null ? null : session.Stack.Moment!.NameOf(python);
            string? found = thread.Name is { } known && pattern.IsMatch(known) ? $"name '{SessionText.Data(known)}'"
                : name is not null && pattern.IsMatch(name) ? $"Python's name '{SessionText.Data(name)}'"
                : pattern.IsMatch(Title(thread, withName: false)) ? $"target ID '{Title(thread, withName: false)}'" : null;
            if (found is null)
                continue;
            any = true;
            session.Output.Line($"Thread {thread.Number} has {found}");
        }

        if (!any)
            session.Output.Line($"No threads match '{argument}'");
    }

    [Flags]
    private enum ApplyFlags
    {
        None = 0,
        Quiet = 1,
        Continue = 2,
        Silent = 4,
    }
}
