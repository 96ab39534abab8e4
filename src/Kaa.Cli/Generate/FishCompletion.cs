using System.CommandLine;
using System.Text;
using Kaa.Cli.Commands;

namespace Kaa.Cli.Generate;

/// <summary>Completion for fish, with descriptions.</summary>
internal static class FishCompletion
{
    public static string Script(KaaCommand root)
    {
        var script = new StringBuilder("# fish completion for kaa\ncomplete -c kaa -f\n");
        foreach (Option option in root.Options.Where(option => !option.Recursive && !option.Hidden))
            AppendOption(script, "__fish_use_subcommand", option);
        foreach (Verb verb in root.FirstVerbs)
        {
            script.Append("complete -c kaa -n __fish_use_subcommand -a ").Append(verb.Name).Append(" -d ").Append(Quote(verb.Description ?? "")).Append('\n');
            string condition = Quote("__fish_seen_subcommand_from " + verb.Name);
            foreach (Option option in root.OptionsOf(verb).Where(option => !option.Hidden))
                AppendOption(script, condition, option);
            if (verb.Completes == Completes.Pids)
                AppendArgument(script, condition, "(kaa ps 2>/dev/null | string match -r '^ *[0-9].*' | string trim | string replace -r ' +' '\\t')");
            else if (verb.Choices.Count > 0)
                AppendArgument(script, condition, string.Join(' ', verb.Choices));
        }

        return script.ToString();
    }

    private static void AppendOption(StringBuilder script, string condition, Option option)
    {
        script.Append("complete -c kaa -n ").Append(condition);
        foreach (string name in Synopsis.Names(option))
            script.Append(name.StartsWith("--", StringComparison.Ordinal) ? " -l " : " -s ").Append(name.TrimStart('-'));
        if (Synopsis.TakesValue(option))
            script.Append(" -x");
        script.Append(" -d ").Append(Quote(option.Description ?? "")).Append('\n');
    }

    private static void AppendArgument(StringBuilder script, string condition, string words) =>
        script.Append("complete -c kaa -n ").Append(condition).Append(" -a ").Append(Quote(words)).Append('\n');

    private static string Quote(string text) =>
        "'" + text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "\\'", StringComparison.Ordinal) + "'";
}
