using Kaa.Cli.Commands;
using Kaa.Cli.Output;
using Kaa.Linux;
using Kaa.Linux.Processes;
using Kaa.Results;

namespace Kaa.Cli;

internal static class Program
{
    private static int Main(string[] args)
    {
        StandardDescriptors.Ensure();
        bool json = Array.IndexOf(args, "--json") >= 0;
        try
        {
            return Run(args, json);
        }
        catch (BrokenPipe)
        {
            return ExitCode.BrokenPipe;
        }
    }

    private static int Run(string[] args, bool json)
    {
        try
        {
            return CommandRunner.Run(args);
        }
        catch (UsageError e)
        {
            Errors.Report("usage", e.Message, e.Hint, json);
            return ExitCode.Usage;
        }
        catch (UserError e)
        {
            Errors.Report(e.Code, e.Message, e.Hint, json);
            return ExitCode.UserError;
        }
        catch (OperationCanceledException)
        {
            return ExitCode.Interrupted;
        }
        catch (Exception e) when (e is not BrokenPipe)
        {
            // The only such catch in Kaa: whatever comes here is a mistake of ours, not of the target or of the user.
            string message = $"this is a bug in kaa {KaaVersion.Text}: {e}";
            Errors.Report("bug", message, "please report this text, the command line and what kind of process it was", json);
            return ExitCode.Bug;
        }
    }
}
