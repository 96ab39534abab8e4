using System.Globalization;
using Kaa.Linux.Files;
using Kaa.Linux.Processes;

namespace Kaa.Linux.Debuginfod;

/// <summary>Gets a file by HTTPS: Kaa has no TLS of its own, so curl does it where the machine has one.</summary>
internal static class CurlDownload
{
    private const string Env = "/usr/bin/env"; // looks for curl on the PATH
    private const int NotFound = 127; // of env: there is no such program
    private const int HttpError = 22; // of curl --fail

    /// <param name="target">Where it goes once it is whole.</param>
    /// <exception cref="Kaa.Results.UserError">It can't be written.</exception>
    public static DownloadResult Get(string url, string target, TimeSpan patience, out string? problem)
    {
        string part = string.Create(CultureInfo.InvariantCulture, $"{target}.kaa-{Environment.ProcessId}");
        string seconds = ((int)patience.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        try
        {
            // Empty, with the owner and the rights that files of Kaa's have: curl keeps them.
            using (NewFile empty = NewFile.Create(part, force: true))
                empty.Publish();
            ProgramAnswer? answer = ChildProgram.Run(
                Env, ["curl", "--fail", "--silent", "--show-error", "--location", "--proto", "=https,http", "--speed-limit", "1", "--speed-time", seconds,
                    "--connect-timeout", seconds, "--max-filesize", Kaa.Formats.Limits.DebugDownload.ToString(CultureInfo.InvariantCulture), "--output", part, url]);
            problem = answer switch
            {
                { Status: 0 } => null,
                null or { Status: NotFound } => "https needs curl, which is not installed here",
                { Status: HttpError } when answer.Output.Contains("404", StringComparison.Ordinal) => null,
                _ => answer.Output.Trim(),
            };
            if (answer?.Status != 0)
                return problem is null ? DownloadResult.Absent : DownloadResult.Failed;
            File.Move(part, target, overwrite: true);
            return DownloadResult.Done;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            problem = error.Message;
            return DownloadResult.Failed;
        }
        finally
        {
            File.Delete(part);
        }
    }
}
