using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Kaa.Tests.Live.Harness;

/// <summary>A <c>kaa mem attach</c> that runs.</summary>
public sealed class Recording : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly Process _process;
    private readonly string _directory;
    private readonly Task<string> _errors;

    private Recording(Process process, string directory)
    {
        _process = process;
        _directory = directory;
        WaitUntilItRecords();
        _errors = process.StandardError.ReadToEndAsync();
    }

    public string Path => System.IO.Path.Combine(_directory, "recording");

    /// <summary>Of children, with --follow.</summary>
    public IReadOnlyList<string> Others() => [.. Directory.GetFiles(_directory).Where(path => path.StartsWith(Path + ".", StringComparison.Ordinal))];

    /// <summary>Returns once it records.</summary>
    public static Recording Of(PythonChild child, params string[] options)
    {
        string directory = Directory.CreateTempSubdirectory("kaa-mem-").FullName;
        string[] arguments = ["mem", "attach", child.Pid.ToString(CultureInfo.InvariantCulture), "-o", System.IO.Path.Combine(directory, "recording"), .. options];
        return new Recording(Program.Start(Repository.Kaa, arguments), directory);
    }

    /// <summary>As a supervisor ends it; gives its status.</summary>
    public int End(int status = 0)
    {
        Signal("TERM");
        return WaitForExit(status);
    }

    public void Signal(string name) => Program.Run("/bin/kill", ["-" + name, _process.Id.ToString(CultureInfo.InvariantCulture)]).Exit.ShouldBe(0);

    public int WaitForExit(int status = 0)
    {
        _process.WaitForExit(Patience).ShouldBeTrue("the recording has not ended");
        _process.ExitCode.ShouldBe(status, _errors.GetAwaiter().GetResult());
        return _process.ExitCode;
    }

    /// <summary>By SIGKILL.</summary>
    public void Kill()
    {
        _process.Kill();
        _process.WaitForExit();
    }

    public JsonElement Report(string view, params string[] options)
    {
        KaaResult result = Kaa.Run(["mem", "report", Path, "--view", view, "--json", .. options]);
        result.Exit.ShouldBe(0, result.Error);
        return result.Json;
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            Kill();
        _process.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    private void WaitUntilItRecords()
    {
        Task<string?> line = _process.StandardError.ReadLineAsync();
        line.Wait(Patience).ShouldBeTrue("the recording has not begun");
        line.Result.ShouldNotBeNull();
        line.Result.ShouldContain("recording process");
    }
}
