using System.Globalization;
using System.Text.Json;
using Kaa.Tests.Live.Harness;

namespace Kaa.Tests.Live;

/// <summary>Debug files from a server: only where it is asked for, and never one of another build.</summary>
[System.Runtime.Versioning.SupportedOSPlatform("linux")]
public sealed class DebuginfodTests : IDisposable
{
    private const string Stripped = "3.12.1-stripped";
    private const string Library = "libpython3.12.so.1.0";

    private readonly string _cache = Directory.CreateTempSubdirectory("kaa-debuginfod-").FullName;
    private readonly string _id = BuildId(OfInterpreter(Stripped, Library));

    public void Dispose() => Directory.Delete(_cache, recursive: true);

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("localhost")]
    public void Lines_come_from_the_file_that_the_server_has_and_it_is_asked_once(string host)
    {
        using DebuginfodServer server = Serve(File.ReadAllBytes(OfInterpreter("3.12.1", Library)));
        using PythonChild child = PythonChild.Start(Interpreters.Named(Stripped), "native.py");
        string url = $"http://{host}:{server.Port}/";
        Lines(Stacks(child, url, 0, "--debuginfod")).ShouldBeGreaterThan(10);
        server.Requests.ShouldContain(Path(_id));
        Program.Run("stat", ["-c", "%a", System.IO.Path.Combine(_cache, _id, "debuginfo")]).Output.Trim().ShouldBe("600");

        // What is kept serves the next look.
        server.Requests.Clear();
        Lines(Stacks(child, url, 0, "--debuginfod")).ShouldBeGreaterThan(10);
        server.Requests.ShouldNotContain(Path(_id));
    }

    [Fact]
    public void Nobody_is_asked_without_the_option()
    {
        using DebuginfodServer server = Serve(File.ReadAllBytes(OfInterpreter("3.12.1", Library)));
        using PythonChild child = PythonChild.Start(Interpreters.Named(Stripped), "native.py");
        Lines(Stacks(child, $"http://127.0.0.1:{server.Port}", 0)).ShouldBe(0);
        server.Requests.ShouldBeEmpty();
    }

    [Fact]
    public void A_file_of_another_build_is_not_used_and_named()
    {
        using DebuginfodServer server = Serve(File.ReadAllBytes(OfInterpreter("3.11.7", "libpython3.11.so.1.0")));
        using PythonChild child = PythonChild.Start(Interpreters.Named(Stripped), "native.py");
        JsonElement answer = Stacks(child, $"http://127.0.0.1:{server.Port}", 0, "--debuginfod");
        Lines(answer).ShouldBe(0);
        answer.GetProperty("notes").EnumerateArray().Where(note => note.GetProperty("code").GetString() == "debug-file-mismatch")
            .Select(note => note.GetProperty("subject").GetString()).ShouldContain("debuginfod:" + _id);
    }

    [Theory]
    [InlineData("200 OK\r\nContent-Length: 100000", "the connection ended before the file did")]
    [InlineData("500 Oh", "it answers with status 500")]
    [InlineData("200 OK\r\nContent-Encoding: gzip", "it sends in a form that was not asked for")]
    [InlineData(null, "no answer by HTTP came")]
    public void A_server_that_fails_is_told_and_nothing_of_it_is_kept(string? head, string reason)
    {
        using var server = new DebuginfodServer(_ => head is null ? [] : DebuginfodServer.Head(head));
        using PythonChild child = PythonChild.Start(Interpreters.Named(Stripped), "native.py");
        string url = $"http://127.0.0.1:{server.Port}";
        JsonElement answer = Stacks(child, url, 3, "--debuginfod");
        JsonElement note = answer.GetProperty("notes").EnumerateArray().Single(note => note.GetProperty("code").GetString() == "debuginfod-failed");
        note.GetProperty("message").GetString()!.ShouldContain(reason);
        note.GetProperty("subject").GetString().ShouldBe(url);
        server.Requests.Count.ShouldBe(1);
        Directory.GetFiles(_cache, "*", SearchOption.AllDirectories).ShouldBeEmpty();
    }

    [Fact]
    public void Without_a_server_the_option_is_an_error()
    {
        KaaResult result = Run("", ["bt", "1", "--native", "--debuginfod"]);
        result.Exit.ShouldBe(1);
        result.Error.ShouldContain("no debuginfod server is known");
    }

    private JsonElement Stacks(PythonChild child, string url, int exit, params string[] arguments)
    {
        KaaResult result = Run(url, ["bt", child.Pid.ToString(CultureInfo.InvariantCulture), "--native-all", "--json", .. arguments]);
        result.Exit.ShouldBe(exit, result.Output + result.Error);
        return result.Json;
    }

    private KaaResult Run(string url, string[] arguments)
    {
        ProgramResult result = Program.Run(
            "/usr/bin/env", ["DEBUGINFOD_URLS=" + url, "DEBUGINFOD_CACHE_PATH=" + _cache, "DEBUGINFOD_TIMEOUT=60", Repository.Kaa, .. arguments]);
        return new KaaResult(result.Exit, result.Output, result.Error);
    }

    private DebuginfodServer Serve(byte[] file) => new(path => path == Path(_id) ? DebuginfodServer.Ok(file) : DebuginfodServer.NotFound);

    private static string Path(string id) => $"/buildid/{id}/debuginfo";

    private static string BuildId(string file) =>
        Program.Run("readelf", ["-n", file]).Output.Split('\n').First(line => line.Contains("Build ID:", StringComparison.Ordinal)).Split(':')[1].Trim();

    private static string OfInterpreter(string name, string library) =>
        System.IO.Path.Combine(System.IO.Path.GetDirectoryName(System.IO.Path.GetDirectoryName(Interpreters.Named(name).Executable))!, "lib", library);

    /// <summary>C frames of the library that know their line.</summary>
    private static int Lines(JsonElement answer) => answer.GetProperty("threads").EnumerateArray()
        .SelectMany(thread => thread.GetProperty("frames").EnumerateArray())
        .Count(frame => frame.GetProperty("kind").GetString() == "native" && frame.GetProperty("line").ValueKind == JsonValueKind.Number
            && frame.GetProperty("module").GetString()!.EndsWith(Library, StringComparison.Ordinal));
}
