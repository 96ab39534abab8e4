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
        var rows = new List<ThreadRow>();
        foreach (Inferior inferior in session.Inferiors)
        {
            foreach (InferiorThread thread in inferior.Threads)
            {
                if (wanted is null || (wanted.Contains(thread.Number) && inferior == session.Inferior))
                    rows.Add(new ThreadRow(inferior, thread, session.AreNumbered));
            }
        }

        if (rows.Count == 0)
        {
            session.Output.Line(wanted is null ? "No threads." : $"No threads match '{argument}'.");
            return;
        }

        int width = Math.Max("Target Id".Length, rows.Max(row => row.Title.Length));
        int numbers = Math.Max(4, rows.Max(row => row.Id.Length));
        session.Output.Line("  " + "Id".PadRight(numbers) + " " + "Target Id".PadRight(width) + " Frame ");
        (int? selected, int level) = (session.Thread?.Tid, session.Stack.Level);
        ForEach(session, rows, row =>
        {
            bool isSelected = row.Thread.Tid == selected;
            StackView view = session.Stack.Of(row.Thread);
            session.Output.Write((isSelected ? "* " : "  ") + row.Id.PadRight(numbers) + " " + row.Title.PadRight(width) + " ");
            new FrameLines(session).WriteBare(view.Frames[isSelected ? Math.Min(level, view.Frames.Count - 1) : 0], view);
            session.Output.Line();
        });
        if (session.Inferior is LiveInferior && rows.Exists(row => row.Thread.IsPartial))
            session.Output.WriteError("threads in system calls that an interrupt would end were left asleep: of their registers only rip and rsp are known");
    }

    /// <summary>Does something for threads, each while its process is the selected one; afterwards what was selected is so again, where it is there still.</summary>
    private static void ForEach(DebugSession session, List<ThreadRow> rows, Action<ThreadRow> action)
    {
        (Inferior? inferior, int? tid, int level) = (session.Inferior, session.Thread?.Tid, session.Stack.Level);
        try
        {
            foreach (ThreadRow row in rows)
            {
                session.Options.ThrowIfInterrupted();
                if (session.Inferior != row.Inferior && session.Inferiors.Contains(row.Inferior))
                    session.SwitchTo(row.Inferior);
                action(row);
            }
        }
        finally
        {
            if (session.Inferior != inferior && inferior is not null && session.Inferiors.Contains(inferior))
                session.SwitchTo(inferior);
            if (session.Inferior is { } now && now.Threads.FirstOrDefault(thread => thread.Tid == tid) is { } thread)
            {
                session.Select(thread);
                session.Stack.Select(level);
            }
        }
    }

    private static void Select(DebugSession session, string argument)
    {
        InferiorThread selected = session.RequireThread();
        if (argument.Length == 0)
        {
            session.Output.Line($"[Current thread is {session.NumberOf(selected)} ({Title(selected, withName: false)})]");
            return;
        }

        (Inferior inferior, InferiorThread thread) = ByNumber(session, argument) ?? throw new UserError("no-thread", $"Unknown thread {argument}.", "info threads lists them");
        if (inferior != session.Inferior)
            session.SwitchTo(inferior);
        session.Select(thread);
        session.Stack.Select(0);
        session.Output.Line($"[Switching to thread {session.NumberOf(thread)} ({Title(thread, withName: false)})]");
        StackView view = session.Stack.View;
        new FrameLines(session).Write(view.Frames[0], view);
    }

    /// <param name="argument"><c>3</c>, of the selected process; <c>2.3</c></param>
    private static (Inferior, InferiorThread)? ByNumber(DebugSession session, string argument)
    {
        string[] parts = argument.Split('.');
        bool isOfOne = parts.Length == 2 && int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out _);
        Inferior? inferior = isOfOne ? session.Inferiors.FirstOrDefault(one => one.Number == int.Parse(parts[0], CultureInfo.InvariantCulture)) : session.Inferior;
        int number = Arguments.Number(session, isOfOne ? parts[1] : argument, 0);
        return inferior?.Threads.FirstOrDefault(thread => thread.Number == number) is { } thread ? (inferior, thread) : null;
    }

    private static void Apply(DebugSession session, string argument)
    {
        _ = session.RequireThread();
        (List<ThreadRow> threads, ApplyFlags flags, string line) = Parse(session, argument);
        ForEach(session, threads, row =>
        {
            session.Select(row.Thread);
            session.Stack.Select(0);
            ApplyOne(session, row.Thread, flags, line);
        });
    }

    private static void ApplyOne(DebugSession session, InferiorThread thread, ApplyFlags flags, string line)
    {
        if (!flags.HasFlag(ApplyFlags.Quiet))
            session.Output.Line($"\nThread {session.NumberOf(thread)} ({Title(thread)}):");
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

    private static (List<ThreadRow> Threads, ApplyFlags Flags, string Line) Parse(DebugSession session, string argument)
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
        List<ThreadRow> threads = Select(session, isAll ? null : numbers);
        if (isAll && !isAscending)
            threads.Reverse();
        foreach (int number in numbers)
        {
            if (!threads.Exists(row => row.Thread.Number == number))
                session.Output.WriteError($"Unknown thread {number}.");
        }

        return (threads, flags, rest);
    }

    /// <param name="numbers">Of threads of the selected process; null for all threads of all processes.</param>
    private static List<ThreadRow> Select(DebugSession session, List<int>? numbers)
    {
        var threads = new List<ThreadRow>();
        foreach (Inferior inferior in session.Inferiors)
        {
            foreach (InferiorThread thread in inferior.Threads)
            {
                if (numbers is null || (inferior == session.Inferior && numbers.Contains(thread.Number)))
                    threads.Add(new ThreadRow(inferior, thread, session.AreNumbered));
            }
        }

        return threads;
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

    /// <summary>A thread of one of the processes.</summary>
    private sealed class ThreadRow(Inferior inferior, InferiorThread thread, bool areSeveral)
    {
        public Inferior Inferior => inferior;

        public InferiorThread Thread => thread;

        /// <summary>As gdb writes it: with the process's number where there are several.</summary>
        public string Id { get; } = (areSeveral ? $"{inferior.Number}." : "") + thread.Number.ToString(CultureInfo.InvariantCulture);

        public string Title { get; } = ThreadWords.Title(thread);
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
