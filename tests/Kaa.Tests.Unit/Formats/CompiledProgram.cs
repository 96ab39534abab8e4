using System.Diagnostics;

namespace Kaa.Tests.Unit.Formats;

/// <summary>A C program that is compiled in a directory of its own, which goes with it.</summary>
internal sealed class CompiledProgram : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("kaa-test-").FullName;

    public CompiledProgram(string source, params string[] options)
    {
        string sourceFile = System.IO.Path.Combine(_directory, "program.c");
        Path = System.IO.Path.Combine(_directory, "program");
        File.WriteAllText(sourceFile, source);
        Run("gcc", ["-o", Path, sourceFile, .. options]);
    }

    public string Path { get; }

    public string In(string name) => System.IO.Path.Combine(_directory, name);

    /// <summary>Runs a tool to its end; gives what it wrote.</summary>
    public static string Run(string tool, IEnumerable<string> arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(tool, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        process.ExitCode.ShouldBe(0, $"{tool}: {errors.Result}");
        return output;
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);
}
