using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Kaa.Tests.Live.Harness;

/// <summary><c>kaa trace</c> at work: from the moment on at which it says that it traces.</summary>
public sealed class TraceRun : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly Process _process;
    private readonly StringBuilder _errors = new();
    private readonly Task<string> _output;

    private TraceRun(Process process)
    {
        _process = process;
        _output = process.StandardOutput.ReadToEndAsync();
    }

    /// <summary>Attaches to a process.</summary>
    public static TraceRun Attach(PythonChild child, params string[] arguments)
    {
        var run = new TraceRun(Program.Start(Repository.Kaa, ["trace", child.Pid.ToString(CultureInfo.InvariantCulture), .. arguments]));
        run.WaitFor("kaa: tracing");
        return run;
    }

    public int Pid => _process.Id;

    public string Errors => _errors.ToString();

    /// <summary>Waits until it has ended by itself.</summary>
    public KaaResult Finish()
    {
        _process.WaitForExit(Patience).ShouldBeTrue("kaa trace has not ended; errors: " + Errors);
        _errors.Append(_process.StandardError.ReadToEnd());
        return new KaaResult(_process.ExitCode, _output.Result, Errors);
    }

    /// <summary>The objects of its lines, the last of which says how it ended.</summary>
    public static List<JsonElement> Lines(KaaResult result)
    {
        var lines = new List<JsonElement>();
        foreach (string line in result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            using JsonDocument document = JsonDocument.Parse(line);
            lines.Add(document.RootElement.Clone());
        }

        return lines;
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill();
        _process.WaitForExit(Patience);
        _process.Dispose();
    }

    private void WaitFor(string start)
    {
        while (true)
        {
            Task<string?> reading = _process.StandardError.ReadLineAsync();
            if (!reading.Wait(Patience))
                throw new TimeoutException($"kaa trace did not say '{start}'; errors: {_errors}");
            string line = reading.Result ?? throw new InvalidOperationException($"kaa trace ended without '{start}'; errors: {_errors}; output: {_output.Result}");
            _errors.AppendLine(line);
            if (line.StartsWith(start, StringComparison.Ordinal))
                return;
        }
    }
}
