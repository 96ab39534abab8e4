using System.CommandLine;
using System.Text;
using Kaa.Cli.Commands;

namespace Kaa.Cli.Generate;

/// <summary>Completion for bash; needs nothing but bash itself.</summary>
internal static class BashCompletion
{
    public static string Script(KaaCommand root)
    {
        var script = new StringBuilder(
            """
            # bash completion for kaa
            _kaa_pids() {
                local pid rest
                kaa ps 2>/dev/null | while read -r pid rest; do [[ $pid == [0-9]* ]] && echo "$pid"; done
            }
            _kaa() {
                local word=${COMP_WORDS[COMP_CWORD]} words=

            """);
        script.Append("    if [[ $COMP_CWORD -eq 1 ]]; then\n        words=\"");
        script.AppendJoin(' ', root.FirstVerbs.Select(verb => verb.Name)).Append(' ').Append(OptionNames(root, root));
        script.Append("\"\n    else\n        case ${COMP_WORDS[1]} in\n");
        foreach (Verb verb in root.FirstVerbs)
            AppendVerb(script, root, verb);
        script.Append("        esac\n    fi\n    COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n}\ncomplete -F _kaa kaa\n");
        return script.ToString();
    }

    private static void AppendVerb(StringBuilder script, KaaCommand root, Verb verb)
    {
        script.Append("            ").Append(verb.Name).Append(") words=\"").Append(OptionNames(root, verb)).Append('"');
        if (verb.Completes == Completes.Pids)
            script.Append("; [[ $word == -* ]] || words=$(_kaa_pids)");
        else if (verb.Choices.Count > 0)
            script.Append("; [[ $word == -* ]] || words=\"").AppendJoin(' ', verb.Choices).Append('"');
        script.Append(" ;;\n");
    }

    private static string OptionNames(KaaCommand root, Command command) =>
        string.Join(' ', root.OptionsOf(command).Where(option => !option.Hidden).Select(option => option.Name));
}
