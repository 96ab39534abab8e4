using System.CommandLine;
using System.Text;
using Kaa.Cli.Commands;

namespace Kaa.Cli.Generate;

/// <summary>The man page kaa(1), in man(7) macros.</summary>
internal static class ManualPage
{
    private static readonly (int Code, string Meaning)[] ExitCodes =
    [
        (ExitCode.Complete, "The answer is complete."),
        (ExitCode.UserError, "No answer, for a reason that the user can act on; a message says which. With several processes: one of them has none."),
        (ExitCode.Usage, "The command line makes no sense."),
        (ExitCode.Incomplete, "An answer, but a part of what was asked for could not be read; notes say which."),
        (ExitCode.Bug, "A bug in kaa."),
        (ExitCode.Interrupted, "Interrupted by Ctrl-C."),
        (ExitCode.BrokenPipe, "The reader of the output went away."),
    ];

    public static string Text(KaaCommand root)
    {
        var page = new StringBuilder();
        page.Append(".TH KAA 1 \"\" \"kaa ").Append(KaaVersion.Text).Append("\" \"User Commands\"\n");
        page.Append(".SH NAME\nkaa \\- see what a running CPython process does\n.SH SYNOPSIS\n");
        foreach (Verb verb in root.ShownVerbs)
            page.Append(".B ").Append(Escape(Synopsis.Of(root, verb))).Append("\n.br\n");
        page.Append(".SH DESCRIPTION\n").Append(Escape(root.Description ?? "")).Append('\n');
        page.Append(".SH OPTIONS\n");
        AppendOptions(page, root.Options);
        page.Append(".SH COMMANDS\n");
        foreach (Verb verb in root.ShownVerbs)
            AppendVerb(page, root, verb);
        AppendExitCodes(page);
        AppendEnvironment(page);
        return page.ToString();
    }

    private static void AppendVerb(StringBuilder page, KaaCommand root, Verb verb)
    {
        page.Append(".SS ").Append(Escape(Synopsis.Of(root, verb))).Append('\n').Append(Escape(verb.Description ?? "")).Append('\n');
        foreach (string paragraph in verb.Details)
            page.Append(".PP\n").Append(Escape(paragraph)).Append('\n');
        foreach (Argument argument in verb.Arguments)
            AppendItem(page, argument.Name, argument.Description);
        AppendOptions(page, verb.Options);
        if (verb.Examples.Count == 0)
            return;
        page.Append(".PP\nExamples:\n");
        foreach (Example example in verb.Examples)
            AppendItem(page, example.Command, example.Meaning);
    }

    private static void AppendOptions(StringBuilder page, IEnumerable<Option> options)
    {
        foreach (Option option in options.Where(option => !option.Hidden))
            AppendItem(page, Synopsis.Of(option), option.Description);
    }

    private static void AppendExitCodes(StringBuilder page)
    {
        page.Append(".SH EXIT STATUS\n");
        foreach ((int code, string meaning) in ExitCodes)
            AppendItem(page, code.ToString(System.Globalization.CultureInfo.InvariantCulture), meaning);
    }

    private static void AppendEnvironment(StringBuilder page)
    {
        page.Append(".SH ENVIRONMENT\n");
        AppendItem(page, "NO_COLOR", "Where it is set and not empty, no colours are used.");
    }

    private static void AppendItem(StringBuilder page, string term, string? meaning) =>
        page.Append(".TP\n.B ").Append(Escape(term)).Append('\n').Append(Escape(meaning ?? "")).Append('\n');

    /// <summary>A backslash, a hyphen that is to stay one, and a dot or quote that would begin a macro.</summary>
    private static string Escape(string text)
    {
        string escaped = text.Replace("\\", "\\e", StringComparison.Ordinal).Replace("-", "\\-", StringComparison.Ordinal);
        return escaped.StartsWith('.') || escaped.StartsWith('\'') ? "\\&" + escaped : escaped;
    }
}
