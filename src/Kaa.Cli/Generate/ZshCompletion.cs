using System.CommandLine;
using System.Text;
using Kaa.Cli.Commands;

namespace Kaa.Cli.Generate;

/// <summary>Completion for zsh, with descriptions.</summary>
internal static class ZshCompletion
{
    public static string Script(KaaCommand root)
    {
        var script = new StringBuilder(
            """
            #compdef kaa
            _kaa_pids() {
                local -a pids
                pids=(${(M)${(f)"$(kaa ps 2>/dev/null)"}## #[0-9]##*})
                pids=(${${pids## #}/ ##/:})
                _describe process pids
            }
            _kaa() {
                local -a verbs
                verbs=(

            """);
        foreach (Verb verb in root.FirstVerbs)
            script.Append("        ").Append(Quote(verb.Name + ":" + verb.Description)).Append('\n');
        script.Append("    )\n    if (( CURRENT == 2 )); then\n        _describe command verbs\n");
        AppendArguments(script, root, root, "        ");
        script.Append("        return\n    fi\n    case $words[2] in\n");
        foreach (Verb verb in root.FirstVerbs)
        {
            script.Append("        ").Append(verb.Name).Append(")\n            shift words; (( CURRENT-- ))\n");
            AppendArguments(script, root, verb, "            ");
            script.Append("            ;;\n");
        }

        // Works both sourced and as a file in $fpath.
        script.Append("    esac\n}\nif [[ $funcstack[1] == _kaa ]]; then _kaa; else compdef _kaa kaa; fi\n");
        return script.ToString();
    }

    private static void AppendArguments(StringBuilder script, KaaCommand root, Command command, string indent)
    {
        script.Append(indent).Append("_arguments");
        foreach (Option option in root.OptionsOf(command).Where(option => !option.Hidden))
        {
            string repeat = option.ValueType.IsArray ? "*" : "";
            string value = Synopsis.TakesValue(option) ? ":" + (option.HelpName ?? "value") + ": " : "";
            script.Append(" \\\n    ").Append(indent).Append(Quote($"{repeat}{option.Name}[{Escape(option.Description ?? "")}]{value}"));
        }

        if (command is Verb { Completes: Completes.Pids })
            script.Append(" \\\n    ").Append(indent).Append("'*:process:_kaa_pids'");
        else if (command is Verb { Choices.Count: > 0 } verb)
            script.Append(" \\\n    ").Append(indent).Append("'1:choice:(").AppendJoin(' ', verb.Choices).Append(")'");
        script.Append('\n');
    }

    private static string Escape(string text) =>
        text.Replace("[", "\\[", StringComparison.Ordinal).Replace("]", "\\]", StringComparison.Ordinal).Replace(":", "\\:", StringComparison.Ordinal);

    private static string Quote(string text) => "'" + text.Replace("'", "'\\''", StringComparison.Ordinal) + "'";
}
