using System.CommandLine;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using Kaa.Cli.Output;

namespace Kaa.Cli.Commands;

/// <summary>Reads the command line and calls the verb. Exceptions come out as they are: <see cref="Program"/> turns them into exit codes.</summary>
internal static class CommandRunner
{
    private static readonly ParserConfiguration Configuration = new() { EnablePosixBundling = false, ResponseFileTokenReplacer = null };

    public static int Run(string[] args)
    {
        if (args is ["--version"])
            return PrintVersion();
        ParseResult result = KaaCommand.Create().Parse(args, Configuration);
        if (result.Errors.Count > 0)
            throw new UsageError(Plain(result.Errors[0].Message), VerbOf(result));
        // Not result.Invoke(): it would take over Ctrl-C, exceptions and Console.
        return ((SynchronousCommandLineAction)result.Action!).Invoke(result);
    }

    public static int PrintVersion()
    {
        using StreamWriter output = Streams.Output();
        output.Write("kaa " + KaaVersion.Text + "\n");
        return ExitCode.Complete;
    }

    /// <summary>The verb that was meant; null where it did not come so far.</summary>
    public static string? VerbOf(ParseResult result) => result.CommandResult.Command is Verb verb ? verb.FullName : null;

    /// <summary>As all of Kaa's messages are written: "unrecognized command …", without a full stop.</summary>
    private static string Plain(string message) => char.ToLowerInvariant(message[0]) + message[1..].TrimEnd('.');
}
