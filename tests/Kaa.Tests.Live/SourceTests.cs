using System.Globalization;
using System.IO.Compression;
using System.Text.Json;
using Kaa.Tests.Live.Harness;

namespace Kaa.Tests.Live;

/// <summary>Lines of source, from where the target itself has them.</summary>
public sealed class SourceTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("kaa-source-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Theory]
    [MemberData(nameof(Interpreters.All), MemberType = typeof(Interpreters))]
    public void Each_frame_has_its_line(string interpreter)
    {
        using PythonChild child = PythonChild.Start(Interpreters.Named(interpreter), "parked.py");
        JsonElement frame = Frame(Harness.Kaa.Stacks(child), "wait_for_line");
        frame.GetProperty("source").GetString().ShouldBe("line = sys.stdin.readline()");
        frame.GetProperty("file").GetString().ShouldBe(child.Script);
    }

    [Fact]
    public void More_lines_or_none_where_that_was_asked_for()
    {
        using PythonChild child = PythonChild.Start(Interpreters.Any, "parked.py");
        Frame(Harness.Kaa.Stacks(child, "--source", "0"), "wait_for_line").GetProperty("source").ValueKind.ShouldBe(JsonValueKind.Null);
        JsonElement context = Frame(Harness.Kaa.Stacks(child, "--source", "3"), "wait_for_line").GetProperty("context");
        context.EnumerateArray().Select(line => line.GetProperty("source").GetString())
            .ShouldBe(["    while True:", "        line = sys.stdin.readline()", "        if not line:"]);
    }

    [Fact]
    public void A_file_that_changed_and_one_that_is_gone_are_marked()
    {
        string script = Copy("parked.py");
        using PythonChild child = PythonChild.StartFile(Interpreters.Any, script);
        // The clock of the file system is coarser than that of the process's start.
        File.SetLastWriteTimeUtc(script, DateTime.UtcNow.AddMinutes(1));
        JsonElement changed = Harness.Kaa.Stacks(child);
        Notes(changed).ShouldBe(["source-changed"]);
        Frame(changed, "wait_for_line").GetProperty("source").GetString().ShouldBe("line = sys.stdin.readline()");
        File.Delete(script);
        JsonElement gone = Harness.Kaa.Stacks(child);
        Notes(gone).ShouldBe(["source-gone"]);
        Frame(gone, "wait_for_line").GetProperty("source").ValueKind.ShouldBe(JsonValueKind.Null);
    }

    [Fact]
    public void Lines_come_out_of_a_zip_that_has_a_line_in_front()
    {
        string archive = Path.Combine(_directory, "app.pyz");
        string zip = Path.Combine(_directory, "app.zip");
        using (ZipArchive file = ZipFile.Open(zip, ZipArchiveMode.Create))
            file.CreateEntryFromFile(Repository.Fixture("parked.py"), "__main__.py");
        File.WriteAllBytes(archive, [.. "#!/usr/bin/env python3\n"u8, .. File.ReadAllBytes(zip)]);
        using PythonChild child = PythonChild.StartFile(Interpreters.Any, archive);
        JsonElement frame = Frame(Harness.Kaa.Stacks(child), "wait_for_line");
        frame.GetProperty("file").GetString().ShouldBe(archive + "/__main__.py");
        frame.GetProperty("source").GetString().ShouldBe("line = sys.stdin.readline()");
    }

    [Theory]
    [MemberData(nameof(Interpreters.Hosted), MemberType = typeof(Interpreters))]
    public void A_program_whose_archive_is_gone_has_its_stacks_and_cores(string interpreter)
    {
        string archive = Archive("parked.py");
        using PythonChild child = PythonChild.StartFile(Interpreters.Named(interpreter), archive);
        string before = Places(Harness.Kaa.Stacks(child, "--native", "--locals"));
        File.Delete(archive);
        JsonElement gone = Harness.Kaa.Stacks(child, "--native", "--locals");
        Places(gone).ShouldBe(before);
        Frame(gone, "wait_for_line").GetProperty("source").ValueKind.ShouldBe(JsonValueKind.Null);
        Subject(gone, "source-gone").ShouldBe(archive + "/__main__.py");

        string core = Path.Combine(_directory, "core");
        Harness.Kaa.Run("core", child.Pid.ToString(CultureInfo.InvariantCulture), "-o", core).Exit.ShouldBe(0);
        JsonElement dead = Harness.Kaa.Run("bt", core, "--json", "--native", "--locals").Json;
        Places(dead).ShouldBe(before);
        Subject(dead, "source-gone").ShouldBe(archive + "/__main__.py");
    }

    [Fact]
    public void Lines_come_out_of_an_archive_that_is_gone_while_the_process_has_it_open()
    {
        string archive = Archive("holds_archive.py");
        using PythonChild child = PythonChild.StartFile(Interpreters.Any, archive);
        File.Delete(archive);
        JsonElement answer = Harness.Kaa.Stacks(child);
        Notes(answer).ShouldBeEmpty();
        Frame(answer, "hold").GetProperty("source").GetString().ShouldBe("sys.stdin.readline()");
    }

    [Fact]
    public void A_relative_name_is_taken_from_the_current_directory_and_noted()
    {
        Copy("parked.py");
        Interpreter old = Interpreters.Known.First(interpreter => interpreter.Root is null && !interpreter.AtLeast(3, 9));
        using PythonChild child = PythonChild.StartFile(old, "parked.py", _directory);
        JsonElement answer = Harness.Kaa.Stacks(child);
        Notes(answer).ShouldBe(["source-relative"]);
        Frame(answer, "wait_for_line").GetProperty("source").GetString().ShouldBe("line = sys.stdin.readline()");
    }

    private string Archive(string fixture)
    {
        string archive = Path.Combine(_directory, "gone.pyz");
        using ZipArchive file = ZipFile.Open(archive, ZipArchiveMode.Create);

        // Not every interpreter here has zlib.
        file.CreateEntryFromFile(Repository.Fixture(fixture), "__main__.py", CompressionLevel.NoCompression);
        return archive;
    }

    private static string? Subject(JsonElement answer, string code) =>
        answer.GetProperty("notes").EnumerateArray().Single(note => note.GetProperty("code").GetString() == code).GetProperty("subject").GetString();

    /// <summary>Everything of the frames but their source.</summary>
    private static string Places(JsonElement answer) => string.Join('\n', answer.GetProperty("threads").EnumerateArray().SelectMany(thread => thread.GetProperty("frames").EnumerateArray())
        .Select(frame => string.Join(' ', frame.EnumerateObject().Where(property => property.Name is not ("source" or "context")).Select(property => property.Value.GetRawText()))));

    private string Copy(string fixture)
    {
        string path = Path.Combine(_directory, fixture);
        File.Copy(Repository.Fixture(fixture), path);
        return path;
    }

    private static JsonElement Frame(JsonElement answer, string function) =>
        answer.GetProperty("threads").EnumerateArray().SelectMany(thread => thread.GetProperty("frames").EnumerateArray())
            .First(frame => frame.GetProperty("function").GetString() == function);

    private static string?[] Notes(JsonElement answer) => [.. answer.GetProperty("notes").EnumerateArray().Select(note => note.GetProperty("code").GetString())];
}
