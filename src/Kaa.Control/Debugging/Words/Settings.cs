using Kaa.Results;

namespace Kaa.Control.Debugging.Words;

/// <summary>Settings: those that mean something here, those of gdb's that are taken and mean nothing, and all others, which are mistakes.</summary>
internal static class Settings
{
    /// <summary>With the values that are taken; empty for any.</summary>
    private static readonly (string Name, string[] Values, string Default)[] s_known =
    [
        ("disassembly-flavor", ["att", "intel"], "att"), ("print elements", [], "200"), ("python-text", [], "1024"), ("confirm", ["on", "off"], "on"),
        ("unsafe-calls", ["on", "off"], "off"), ("follow-fork-mode", ["parent", "child", "both"], "parent"), ("breakpoint always-stop", ["on", "off"], "off"),
    ];

    /// <summary>Beginnings of names that change nothing: how gdb shows what Kaa does not, or shows anyhow.</summary>
    private static readonly string[] s_harmless =
    [
        "pagination", "height", "width", "print", "style", "verbose", "history", "logging", "auto-load", "debuginfod", "sysroot", "solib-search-path", "debug-file-directory", "substitute-path",
        "directories", "python", "max-value-size", "max-completions", "language", "prompt", "osabi", "architecture", "auto-solib-add", "backtrace", "listsize", "case-sensitive", "charset",
        "complaints", "demangle-style", "editing", "filename-display", "opaque-type-resolution", "startup-quietly", "suppress-cli-notifications", "trace-commands", "unwindonsignal", "schedule-multiple",
        "scheduler-locking", "non-stop", "target-async", "may-", "step-mode", "stop-on-solib-events", "breakpoint", "can-use-hw-watchpoints", "disable-randomization", "startup-with-shell",
        "use-coredump-filter", "detach-on-fork", "follow-exec-mode", "dump-excluded-mappings", "libthread-db-search-path", "stack-cache", "code-cache", "exec-wrapper", "cwd", "environment", "args",
    ];

    public static void Set(DebugSession session, string argument)
    {
        (string name, string value) = Split(argument);
        if (name == "detach-on-fork" && value is not ("on" or ""))
            throw new UserError("setting", "Kaa holds no process of a fork without letting it run.", "set follow-fork-mode both debugs both, and both run");
        foreach ((string known, string[] values, _) in s_known)
        {
            if (known != name)
                continue;
            if (values.Length > 0 && Array.IndexOf(values, value) < 0)
                throw new UserError("setting", $"Undefined item: \"{value}\".", $"{known} is one of {string.Join(", ", values)}");
            session.Settings.Set(known, value);
            return;
        }

        if (argument.Contains('=') && !IsHarmless(name))
        {
            Values.ExpressionReader.Evaluate(argument, session.Scope);
            return;
        }

        if (!IsHarmless(name))
            throw new UserError("setting", $"No symbol \"{name.Split(' ')[0]}\" in current context.", "help set lists what can be set");
        session.Settings.Set(name, value);
        if (session.Input?.IsInteractive == true)
            session.Output.Line($"({name} is one of gdb's settings that change nothing in Kaa.)", SessionTone.Faint);
    }

    public static string Show(DebugSession session, string name)
    {
        foreach ((string known, _, string otherwise) in s_known)
        {
            if (known == name)
                return $"{known} is {session.Settings.Find(known) ?? otherwise}.";
        }

        return session.Settings.Find(name) is { } value ? $"{name} is {value}. (It changes nothing in Kaa.)"
            : IsHarmless(name) ? $"{name} is one of gdb's settings that change nothing in Kaa."
            : throw new UserError("setting", $"Undefined show command: \"{name}\".  Try \"help show\".");
    }

    private static bool IsHarmless(string name) => Array.Exists(s_harmless, harmless => name.StartsWith(harmless, StringComparison.Ordinal));

    private static (string Name, string Value) Split(string argument)
    {
        string[] words = argument.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);

        // "p elements" and the like.
        if (words is ["p" or "pr" or "pri" or "prin", ..])
            words[0] = "print";
        bool isPair = words.Length > 2 && words[0] is "print" or "style" or "history" or "logging" or "auto-load" or "backtrace" or "python" or "breakpoint" or "debuginfod";
        if (words is ["disassembly-flavor" or "disassembly", ..])
            words[0] = "disassembly-flavor";
        string name = isPair ? words[0] + " " + words[1] : words[0];
        return (name, string.Join(' ', words[(isPair ? 2 : 1)..]));
    }
}
