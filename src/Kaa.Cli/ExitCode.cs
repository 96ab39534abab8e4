using Kaa.Linux.Launching;

namespace Kaa.Cli;

/// <summary>What Kaa's exit status says.</summary>
internal static class ExitCode
{
    public const int Complete = 0;

    /// <summary>The user can act on it: a message says what is wrong and what to do.</summary>
    public const int UserError = 1;

    public const int Usage = 2;

    /// <summary>Something that was asked for could not be read; notes say what.</summary>
    public const int Incomplete = 3;

    public const int Bug = 70;

    /// <summary>128 + SIGINT, as shells count.</summary>
    public const int Interrupted = 130;

    /// <summary>128 + SIGPIPE: as if the signal had ended us, which is how other tools end when their reader is gone.</summary>
    public const int BrokenPipe = 141;

    /// <summary>Of a form that starts a program: Kaa failed, as env(1) has it.</summary>
    public const int LaunchFailed = 125;

    /// <summary>Of a form that starts a program and could not: as env(1) has them; null for other errors.</summary>
    public static int? OfLaunch(string code) => code switch
    {
        ProgramFile.NotFound => 127,
        ProgramFile.NotExecutable => 126,
        "launch-refused" => LaunchFailed,
        _ => null,
    };

    private static readonly int[] BySeverity = [Complete, Incomplete, UserError, Bug];

    public static int Worse(int left, int right) =>
        Array.IndexOf(BySeverity, left) >= Array.IndexOf(BySeverity, right) ? left : right;
}
