using System.Diagnostics;
using System.Globalization;
using Kaa.Tests.Live.Harness;

namespace Kaa.Tests.Live.Debugging;

/// <summary>Sessions of kaa debug, whole ones and such as go on while the test looks.</summary>
internal static class Session
{
    /// <summary>Runs lines on a target, and gives the answer of each: what stands between two marks that are printed.</summary>
    public static Dictionary<string, string> Ask(string target, params string[] lines) => Ask([target], lines);

    /// <param name="target">And options.</param>
    public static Dictionary<string, string> Ask(IEnumerable<string> target, params string[] lines)
    {
        List<string> arguments = ["debug", .. target, "--batch"];
        foreach (string line in lines)
            arguments.AddRange(["-ex", "echo <<" + line.Replace("\\", "\\\\", StringComparison.Ordinal) + ">>\\n", "-ex", line]);
        arguments.AddRange(["-ex", "echo <<the end>>\\n"]);
        KaaResult result = Harness.Kaa.Run([.. arguments]);
        result.Exit.ShouldBe(0, result.Output + result.Error);
        return Answers(result.Output);
    }

    public static Dictionary<string, string> Ask(PythonChild child, params string[] lines) => Ask(child.Pid.ToString(CultureInfo.InvariantCulture), lines);

    public static Dictionary<string, string> Answers(string output)
    {
        var answers = new Dictionary<string, string>(StringComparer.Ordinal);
        string[] parts = output.Split("<<");
        foreach (string part in parts[1..])
        {
            int end = part.IndexOf(">>\n", StringComparison.Ordinal);
            if (end >= 0 && part[..end] != "the end")
                answers[part[..end]] = part[(end + 3)..].TrimEnd('\n');
        }

        return answers;
    }
}

/// <summary>A session whose input is a pipe of the test's.</summary>
internal sealed class OpenSession : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly Process _process;

    /// <param name="withErrors">What it writes to its errors is part of the answers.</param>
    public OpenSession(PythonChild child, bool withErrors = false)
    {
        string pid = child.Pid.ToString(CultureInfo.InvariantCulture);
        _process = withErrors ? Program.Start("/bin/sh", ["-c", "exec \"$0\" debug \"$1\" 2>&1", Repository.Kaa, pid]) : Program.Start(Repository.Kaa, ["debug", pid]);
        Ask("echo begun\\n").ShouldContain("begun");
    }

    public int Pid => _process.Id;

    /// <summary>What is printed up to a mark that follows the line.</summary>
    public string Ask(string line)
    {
        const string Mark = "--that is all--";
        _process.StandardInput.Write(line + "\necho " + Mark + "\\n\n");
        _process.StandardInput.Flush();
        var text = new System.Text.StringBuilder();
        while (true)
        {
            Task<string?> reading = _process.StandardOutput.ReadLineAsync();
            reading.Wait(Patience).ShouldBeTrue("no answer to " + line);
            if (reading.Result is null or Mark)
                return text.ToString();
            text.Append(reading.Result).Append('\n');
        }
    }

    /// <summary>Types a line, and waits for no answer.</summary>
    public void Say(string line)
    {
        _process.StandardInput.Write(line + "\n");
        _process.StandardInput.Flush();
    }

    public int Quit()
    {
        _process.StandardInput.Close();
        _process.WaitForExit(Patience).ShouldBeTrue();
        return _process.ExitCode;
    }

    /// <summary>Kills what holds the program: the copy of Kaa (docs/debug.md).</summary>
    public void Kill()
    {
        Program.Run("/bin/kill", ["-KILL", Copy.ToString(System.Globalization.CultureInfo.InvariantCulture)]).Exit.ShouldBe(0);
        _process.WaitForExit(Patience).ShouldBeTrue();
    }

    /// <summary>Kills the Kaa that was started; its copy ends in order.</summary>
    public void KillStarted()
    {
        int copy = Copy;
        _process.Kill();
        System.Threading.SpinWait.SpinUntil(() => !Directory.Exists($"/proc/{copy}"), Patience).ShouldBeTrue();
    }

    private int Copy => int.Parse(File.ReadAllText($"/proc/{_process.Id}/task/{_process.Id}/children").Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture);

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill();
        _process.WaitForExit(Patience);
        _process.Dispose();
    }
}
