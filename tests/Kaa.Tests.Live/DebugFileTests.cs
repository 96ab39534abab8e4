using System.Globalization;
using System.Text.Json;
using Kaa.Tests.Live.Harness;

namespace Kaa.Tests.Live;

/// <summary>Separate debug files from a directory that the user names: the library before it was stripped serves as one.</summary>
public sealed class DebugFileTests : IDisposable
{
    private const string Stripped = "3.12.1-stripped";
    private const string Library = "libpython3.12.so.1.0";

    private readonly string _directory = Directory.CreateTempSubdirectory("kaa-debug-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void Lines_of_a_stripped_library_come_from_a_debug_file_below_the_directory()
    {
        using PythonChild child = PythonChild.Start(Interpreters.Named(Stripped), "native.py");
        Lines(Stacks(child, 0)).ShouldBe(0);
        Put(OfInterpreter("3.12.1"));
        JsonElement answer = Stacks(child, 0, "--debug-dir", _directory);
        Lines(answer).ShouldBeGreaterThan(10);
        Notes(answer).ShouldNotContain("debug-file-mismatch");
    }

    [Fact]
    public void A_core_uses_them_too()
    {
        using var cores = new Cores();
        using PythonChild child = cores.Start(Interpreters.Named(Stripped), "native.py");
        Put(OfInterpreter("3.12.1"));
        KaaResult result = Harness.Kaa.Run("bt", cores.Gcore(child), "--native-all", "--json", "--debug-dir", _directory);
        Lines(result.Json).ShouldBeGreaterThan(10);
    }

    [Fact]
    public void A_file_of_another_build_is_not_used_and_named()
    {
        using PythonChild child = PythonChild.Start(Interpreters.Named(Stripped), "native.py");
        string place = Put(OfInterpreter("3.11.7", "libpython3.11.so.1.0"));
        JsonElement answer = Stacks(child, 0, "--debug-dir", _directory);
        Lines(answer).ShouldBe(0);
        answer.GetProperty("notes").EnumerateArray().Where(note => note.GetProperty("code").GetString() == "debug-file-mismatch")
            .Select(note => note.GetProperty("subject").GetString()).ShouldBe([place]);
    }

    [Fact]
    public void A_directory_that_is_not_there_is_an_error()
    {
        KaaResult result = Harness.Kaa.Run("bt", "1", "--native", "--debug-dir", Path.Combine(_directory, "nowhere"));
        result.Exit.ShouldBe(1);
        result.Error.ShouldContain("there is no directory");
    }

    private static JsonElement Stacks(PythonChild child, int exit, params string[] arguments)
    {
        KaaResult result = Harness.Kaa.Run(["bt", child.Pid.ToString(CultureInfo.InvariantCulture), "--native-all", "--json", .. arguments]);
        result.Exit.ShouldBe(exit, result.Error);
        return result.Json;
    }

    private static string[] Notes(JsonElement answer) => [.. answer.GetProperty("notes").EnumerateArray().Select(note => note.GetProperty("code").GetString()!)];

    /// <summary>C frames of the library that know their line.</summary>
    private static int Lines(JsonElement answer) => answer.GetProperty("threads").EnumerateArray()
        .SelectMany(thread => thread.GetProperty("frames").EnumerateArray())
        .Count(frame => frame.GetProperty("kind").GetString() == "native" && frame.GetProperty("line").ValueKind == JsonValueKind.Number
            && frame.GetProperty("module").GetString()!.EndsWith(Library, StringComparison.Ordinal));

    private static string OfInterpreter(string name, string library = Library) =>
        Path.Combine(Path.GetDirectoryName(Path.GetDirectoryName(Interpreters.Named(name).Executable))!, "lib", library);

    /// <summary>Where the stripped library's build-id leads.</summary>
    private string Put(string file)
    {
        ProgramResult notes = Program.Run("readelf", ["-n", OfInterpreter(Stripped)]);
        string id = notes.Output.Split('\n').First(line => line.Contains("Build ID:", StringComparison.Ordinal)).Split(':')[1].Trim();
        string place = Path.Combine(_directory, ".build-id", id[..2], id[2..] + ".debug");
        Directory.CreateDirectory(Path.GetDirectoryName(place)!);
        File.Copy(file, place);
        return place;
    }
}
