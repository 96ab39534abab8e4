using System.Diagnostics;
using System.Text;
using System.Text.Json;

namespace Kaa.Tests.Live.Harness;

/// <summary>
/// A Python process that runs a script of tests/fixtures. It says with a line "ready …" on its output that it has come to where the
/// test wants it. Killed by its pid when the test ends.
/// </summary>
public sealed class PythonChild : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly Process _process;
    private readonly StringBuilder _errors = new();
    private readonly string? _copies;
    private bool _isDisposed;

    private PythonChild(Interpreter interpreter, Process process, string script, string? copies)
    {
        Interpreter = interpreter;
        Script = script;
        _process = process;
        _copies = copies;
        Pid = process.Id;
        _process.ErrorDataReceived += (_, line) => _errors.AppendLine(line.Data);
        _process.BeginErrorReadLine();
    }

    public Interpreter Interpreter { get; }

    public int Pid { get; }

    /// <summary>Path of the script as the process sees it.</summary>
    public string Script { get; }

    /// <summary>What stood behind "ready" on the line.</summary>
    public string Ready { get; private set; } = "";

    /// <summary>Runs a script of tests/fixtures.</summary>
    public static PythonChild Start(Interpreter interpreter, string fixture) => StartFile(interpreter, Repository.Fixture(fixture));

    /// <summary>Runs any script; with a name that is not absolute, in <paramref name="directory"/>.</summary>
    public static PythonChild StartFile(Interpreter interpreter, string file, string? directory = null) => StartFile(interpreter, file, [], directory);

    /// <summary>The same with arguments.</summary>
    public static PythonChild StartFile(Interpreter interpreter, string file, string[] arguments, string? directory = null)
    {
        (string script, string? copies) = Place(interpreter, file);
        Process process = Program.Start(interpreter.Launch[0], [.. interpreter.Launch[1..], script, .. arguments], directory);
        var child = new PythonChild(interpreter, process, script, copies);
        try
        {
            child.Ready = child.ReadUntil("ready");
            return child;
        }
        catch
        {
            child.Dispose();
            throw;
        }
    }

    /// <summary>A script where the interpreter finds it, and the folder that is to be removed afterwards.</summary>
    public static (string Script, string? Copies) Place(Interpreter interpreter, string file) => interpreter.Root is null ? (file, null) : CopyInto(interpreter.Root, file);

    public JsonDocument ReadyJson() => JsonDocument.Parse(Ready);

    public void WriteLine(string line)
    {
        _process.StandardInput.WriteLine(line);
        _process.StandardInput.Flush();
    }

    public void CloseInput() => _process.StandardInput.Close();

    /// <summary>Reads lines up to one that begins with a word; gives what follows the word.</summary>
    public string ReadUntil(string word)
    {
        while (true)
        {
            Task<string?> reading = _process.StandardOutput.ReadLineAsync();
            if (!reading.Wait(Patience))
                throw new TimeoutException($"{Interpreter.Name} {Script} did not say '{word}'; errors: {_errors}");
            string line = reading.Result ?? throw new InvalidOperationException($"{Interpreter.Name} {Script} ended without '{word}'; errors: {_errors}");
            if (line == word || line.StartsWith(word + " ", StringComparison.Ordinal))
                return line[word.Length..].TrimStart();
        }
    }

    /// <summary>Waits for the process to end by itself; gives its exit status.</summary>
    public int WaitForExit()
    {
        _process.WaitForExit(Patience).ShouldBeTrue("the process has not ended");
        return _process.ExitCode;
    }

    public void Dispose()
    {
        if (_isDisposed)
            return;
        _isDisposed = true;
        if (!_process.HasExited)
            _process.Kill();
        _process.WaitForExit(Patience);
        _process.Dispose();
        if (_copies is not null)
            Directory.Delete(_copies, recursive: true);
    }

    /// <summary>All files beside it too, since they may need each other, into a directory of the chroot.</summary>
    private static (string Script, string Copies) CopyInto(string root, string path)
    {
        string directory = Path.Combine("/tmp", "kaa-" + Guid.NewGuid().ToString("N"));
        string copies = root + directory;
        Directory.CreateDirectory(copies);
        foreach (string file in Directory.EnumerateFiles(Path.GetDirectoryName(path)!))
            File.Copy(file, Path.Combine(copies, Path.GetFileName(file)));
        return (Path.Combine(directory, Path.GetFileName(path)), copies);
    }
}
