using System.Globalization;
using System.Text.Json;
using Kaa.Tests.Live.Harness;

namespace Kaa.Tests.Live;

/// <summary><c>kaa mem run</c> of programs that allocate by code that is not CPython's: arithmetic again.</summary>
public sealed class ForeignMemoryTests : IDisposable
{
    private const string Fixture = "blocks.py";
    private const int Size = 1_000_003;

    private readonly string _directory = Directory.CreateTempSubdirectory("kaa-mem-run-").FullName;

    private string FilePath => Path.Combine(_directory, "recording");

    [Theory]
    [MemberData(nameof(Modules.WithNumpy), MemberType = typeof(Modules))]
    public void Arrays_of_numpy_are_exact(string interpreter)
    {
        JsonElement leaks = Run(Modules.Numpy(Interpreters.Named(interpreter))!, "numpy");
        Of(leaks, "empty", "malloc").ShouldBe((10, 10L * Size));
        Of(leaks, "zeros", "calloc").ShouldBe((7, 7L * Size));
        Of(leaks, "resize", "realloc").ShouldBe((1, 3L * Size));
        Of(leaks, "passing", "malloc").ShouldBe((0, 0));
        Of(Report("all"), "passing", "malloc").ShouldBe((20, 20L * Size));
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private JsonElement Run(Interpreter interpreter, string argument)
    {
        KaaResult run = Harness.Kaa.Run(["mem", "run", "-o", FilePath, "--", .. interpreter.Launch, Repository.Fixture(Fixture), argument]);
        run.Exit.ShouldBe(3, run.Output + run.Error);
        JsonElement leaks = Report("leaks");
        leaks.GetProperty("metadata").GetProperty("lost").GetInt64().ShouldBe(0);
        return leaks;
    }

    private JsonElement Report(string view)
    {
        KaaResult result = Harness.Kaa.Run("mem", "report", FilePath, "--view", view, "--json");
        result.Exit.ShouldBe(0, result.Error);
        return result.Json;
    }

    private static (long Count, long Bytes) Of(JsonElement report, string mark, params string[] allocators)
    {
        int line = Array.FindIndex(File.ReadAllLines(Repository.Fixture(Fixture)), row => row.EndsWith("# line: " + mark, StringComparison.Ordinal)) + 1;
        string text = line.ToString(CultureInfo.InvariantCulture);
        long count = 0;
        long bytes = 0;
        foreach (JsonElement entry in report.GetProperty("entries").EnumerateArray())
        {
            JsonElement stack = entry.GetProperty("stack");
            if (stack.GetArrayLength() == 0 || !allocators.Contains(entry.GetProperty("allocator").GetString()))
                continue;
            if (stack[0].GetProperty("line").ToString() != text || !stack[0].GetProperty("file").GetString()!.EndsWith(Fixture, StringComparison.Ordinal))
                continue;
            count += entry.GetProperty("count").GetInt64();
            bytes += entry.GetProperty("bytes").GetInt64();
        }

        return (count, bytes);
    }
}
