using System.Diagnostics;

namespace Kaa.Tests.Live.Harness;

public sealed record ProgramResult(int Exit, string Output, string Error);

/// <summary>Runs a program to its end.</summary>
public static class Program
{
    public static ProgramResult Run(string program, IEnumerable<string> arguments, TimeSpan? limit = null, string? input = null)
    {
        using Process process = Start(program, arguments);
        if (input is not null)
            process.StandardInput.Write(input);
        process.StandardInput.Close();
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> error = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(limit ?? TimeSpan.FromMinutes(2)))
        {
            process.Kill();
            throw new TimeoutException($"{program} {string.Join(' ', arguments)} has not ended");
        }

        return new ProgramResult(process.ExitCode, output.GetAwaiter().GetResult(), error.GetAwaiter().GetResult());
    }

    /// <param name="directory">To run it in; null for this process's own.</param>
    public static Process Start(string program, IEnumerable<string> arguments, string? directory = null)
    {
        var start = new ProcessStartInfo(program)
        {
            WorkingDirectory = directory ?? "",
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (string argument in arguments)
            start.ArgumentList.Add(argument);
        start.Environment["PYTHONDONTWRITEBYTECODE"] = "1";
        return Process.Start(start)!;
    }
}
