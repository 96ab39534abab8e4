using System.Text.Json;
using Kaa.Tests.Live.Harness;

namespace Kaa.Tests.Live.Browser;

/// <summary>Two recordings of one program, the second one when it had gone on for a while, their pages, and a browser.</summary>
public sealed class ReportedPages : IDisposable
{
    public const string Fixture = "browsed.py";

    private readonly string _directory = Directory.CreateTempSubdirectory("kaa-pages-").FullName;
    private readonly PythonChild _child;
    private Chromium? _browser;

    public ReportedPages()
    {
        _child = PythonChild.Start(Interpreters.Any, Fixture);
        Record("before", ["first"]);
        Record("after", ["first", "second", "third"]);
        Write("page.html", "after", "--view", "leaks");
        Write("difference.html", "after", "--view", "leaks", "--diff", File("before"));
    }

    internal string File(string name) => Path.Combine(_directory, name);

    /// <summary>The report as JSON.</summary>
    public JsonElement Json(string view, params string[] options)
    {
        KaaResult result = Harness.Kaa.Run(["mem", "report", File("after"), "--view", view, "--json", .. options]);
        result.Exit.ShouldBe(0, result.Error);
        return result.Json;
    }

    internal Page Open(string page) => new(_browser ??= new Chromium(), File(page));

    public void Dispose()
    {
        _browser?.Dispose();
        _child.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    private void Record(string name, string[] words)
    {
        using var recording = Recording.Of(_child, "--allocators", "system");
        foreach (string word in words)
        {
            _child.WriteLine(word);
            _child.ReadUntil(word);
        }

        recording.End().ShouldBe(0);
        System.IO.File.Copy(recording.Path, File(name));
    }

    private void Write(string page, string recording, params string[] options)
    {
        KaaResult result = Harness.Kaa.Run(["mem", "report", File(recording), "--format", "html", "-o", File(page), .. options]);
        result.Exit.ShouldBe(0, result.Error);
    }
}
