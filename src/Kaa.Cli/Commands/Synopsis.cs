using System.CommandLine;

namespace Kaa.Cli.Commands;

/// <summary>How a command or option is typed.</summary>
internal static class Synopsis
{
    public static string Of(KaaCommand root, Command command)
    {
        if (command == root)
            return "kaa COMMAND [OPTION]...";
        string name = command is Verb verb ? verb.FullName : command.Name;
        if (command.Subcommands.Count > 0)
            return "kaa " + name + " COMMAND [OPTION]...";
        string arguments = string.Concat(command.Arguments.Select(argument => " " + Of(argument)));
        return "kaa " + name + " [OPTION]..." + arguments;
    }

    public static string Of(Argument argument)
    {
        string name = argument.Arity.MaximumNumberOfValues > 1 ? argument.Name + "..." : argument.Name;
        return argument.Arity.MinimumNumberOfValues == 0 ? "[" + name + "]" : name;
    }

    public static string Of(Option option) =>
        string.Join(", ", Names(option)) + (TakesValue(option) ? " " + (option.HelpName ?? "VALUE") : "");

    /// <summary>Short names first.</summary>
    public static IEnumerable<string> Names(Option option) =>
        option.Aliases.Append(option.Name).Distinct().OrderBy(name => name.Length);

    public static bool TakesValue(Option option) => option.ValueType != typeof(bool) && option.Arity.MaximumNumberOfValues > 0;
}
