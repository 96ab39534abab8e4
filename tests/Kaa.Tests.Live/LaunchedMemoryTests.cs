using System.Globalization;
using System.Text.Json;
using Kaa.Tests.Live.Harness;

namespace Kaa.Tests.Live;

/// <summary><c>kaa mem run</c> on every interpreter: what a program allocates by arithmetic is what the recording has, from the interpreter's first object on.</summary>
public sealed class LaunchedMemoryTests : IDisposable
{
    private const string Fixture = "launched.py";
    private readonly string _directory = Directory.CreateTempSubdirectory("kaa-mem-run-").FullName;

    private string FilePath => Path.Combine(_directory, "recording");

    [Theory]
    [MemberData(nameof(Interpreters.Plain), MemberType = typeof(Interpreters))]
    public void A_program_is_recorded_from_its_first_object_on(string interpreter)
    {
        KaaResult run = Run(interpreter, []);
        run.Exit.ShouldBe(3, run.Error);
        JsonElement leaks = Report(FilePath);
        leaks.GetProperty("metadata").GetProperty("lost").GetInt64().ShouldBe(0);

        // Beside the buffers are the ten objects and the list; 2.7's integers come from blocks of their own.
        Of(leaks, "bytearray", interpreter == "2.7.18" ? "" : "Py").Bytes.ShouldBeInRange(1_000_000, 1_006_000);
        if (Word(run, "ctypes") == 1)
        {
            Of(leaks, "parent", "malloc").Count.ShouldBeInRange(100, interpreter == "2.7.18" ? 102 : 100);
            Of(leaks, "thread", "malloc").Count.ShouldBeInRange(30, interpreter == "2.7.18" ? 32 : 30);
        }

        // What pymalloc itself says it has handed out, in blocks of up to 512 bytes: every one was seen.
        long blocks = Word(run, "blocks");
        if (blocks > 0)
            Count(leaks, "PyObject_", "PyMem_").ShouldBeInRange(blocks - 16, blocks + blocks / 4);
    }

    [Theory]
    [MemberData(nameof(Interpreters.Plain), MemberType = typeof(Interpreters))]
    public void Children_and_their_programs_have_recordings_of_their_own(string interpreter)
    {
        KaaResult run = Run(interpreter, ["--follow"], "family");
        run.Exit.ShouldBe(3, run.Error);
        if (Word(run, "ctypes") == 0)
            return;
        int spare = interpreter == "2.7.18" ? 8 : 0;
        Of(Report(FilePath), "parent", "malloc").Count.ShouldBeInRange(100, 100 + spare);
        Of(Report(FilePath), "fork", "malloc").ShouldBe((0, 0));
        Of(Report(FileOf(run, "fork")), "fork", "malloc").Count.ShouldBeInRange(200, 200 + spare);

        // Where subprocess forks, the child is recorded too before it runs its program.
        string program = FileOf(run, "program");
        Of(Report(File.Exists(program + ".2") ? program + ".2" : program), "program", "malloc").Count.ShouldBeInRange(300, 300 + spare);
    }

    [Fact]
    public void A_program_that_is_killed_has_a_whole_recording()
    {
        KaaResult run = Run(Interpreters.Any.Name, [], "killed");
        run.Exit.ShouldBe(128 + 9, run.Error);
        JsonElement leaks = Report(FilePath);
        leaks.GetProperty("notes").EnumerateArray().ShouldNotContain(note => note.GetProperty("code").GetString() == "recording-open");
        Of(leaks, "parent", "malloc").ShouldBe((100, 123_400));
    }

    [Fact]
    public void What_a_shell_becomes_is_what_is_recorded()
    {
        string script = $"exec {Interpreters.Any.Launch[0]} {Repository.Fixture(Fixture)}";
        KaaResult run = Harness.Kaa.Run("mem", "run", "-o", FilePath, "--", "/bin/sh", "-c", script);
        run.Exit.ShouldBe(3, run.Error);
        Of(Report(FilePath), "parent", "malloc").ShouldBe((100, 123_400));
    }

    [Theory]
    [InlineData(127, "/nowhere/at/all")]
    [InlineData(126, "/etc/passwd")]
    public void What_can_not_be_run_has_the_status_of_env(int status, string program) =>
        Harness.Kaa.Run("mem", "run", "-o", FilePath, "--", program).Exit.ShouldBe(status);

    [Fact]
    public void A_file_that_exists_is_kept_and_nothing_is_started()
    {
        File.WriteAllText(FilePath, "mine");
        KaaResult run = Run(Interpreters.Any.Name, []);
        run.Exit.ShouldBe(125);
        run.Output.ShouldBe("");
        File.ReadAllText(FilePath).ShouldBe("mine");
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private KaaResult Run(string interpreter, string[] options, params string[] arguments)
    {
        Interpreter its = Interpreters.Named(interpreter);
        (string script, string? copies) = PythonChild.Place(its, Repository.Fixture(Fixture));
        try
        {
            return Harness.Kaa.Run(["mem", "run", "-o", FilePath, .. options, "--", .. its.Launch, script, .. arguments]);
        }
        finally
        {
            if (copies is not null)
                Directory.Delete(copies, recursive: true);
        }
    }

    private static JsonElement Report(string path)
    {
        KaaResult result = Harness.Kaa.Run("mem", "report", path, "--view", "leaks", "--json");
        result.Exit.ShouldBe(0, result.Error);
        return result.Json;
    }

    /// <summary>The number behind a word at a line's begin.</summary>
    private static long Word(KaaResult run, string word)
    {
        string line = run.Output.Split('\n').First(line => line.StartsWith(word + " ", StringComparison.Ordinal));
        return long.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture);
    }

    private string FileOf(KaaResult run, string word) => string.Create(CultureInfo.InvariantCulture, $"{FilePath}.{Word(run, word)}");

    private static long Count(JsonElement report, params string[] allocators) => report.GetProperty("entries").EnumerateArray()
        .Where(entry => allocators.Any(prefix => entry.GetProperty("allocator").GetString()!.StartsWith(prefix, StringComparison.Ordinal)))
        .Sum(entry => entry.GetProperty("count").GetInt64());

    private static (long Count, long Bytes) Of(JsonElement report, string mark, string allocator) => RecordedLine.Of(report, Fixture, mark, allocator);
}
