using System.Globalization;
using System.Text.Json;
using Kaa.Tests.Live.Harness;

namespace Kaa.Tests.Live;

/// <summary><c>kaa mem run</c> of programs that allocate by code that is not CPython's: arithmetic again.</summary>
public sealed class ForeignMemoryTests : IDisposable
{
    private const string Fixture = "blocks.py";
    private const int Size = 1_000_003;

    private const string Library = """
        #include <cstddef>
        #include <new>
        struct Block { char bytes[54321]; };
        struct alignas(128) Aligned { char bytes[128 * 55]; };
        extern "C" void *make() { return new Block; }
        extern "C" void *make_array(int size) { return new char[size]; }
        extern "C" void *make_aligned() { return new Aligned; }
        extern "C" void drop(void *block) { delete (Block *)block; }
        """;

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

    [Theory]
    [MemberData(nameof(Interpreters.Hosted), MemberType = typeof(Interpreters))]
    public void Objects_of_cplusplus_are_exact(string interpreter)
    {
        Interpreter its = Interpreters.Named(interpreter);
        if (its.Libc != "glibc")
            return;
        using var libraries = new CompiledLibraries();
        JsonElement leaks = Run(its, libraries.CxxLibrary("libblocks.so", Library, "-O1", "-std=c++17"));

        // 2.7's integers and lists come from malloc too.
        bool isOld = interpreter == "2.7.18";
        ShouldBe(Of(leaks, "new", "malloc"), 10, 54321, isOld);
        ShouldBe(Of(leaks, "array", "malloc"), 7, Size, isOld);

        // Two names of one function, up to glibc 2.37.
        Of(leaks, "aligned", "memalign", "aligned_alloc").ShouldBe((5, 5L * 128 * 55));
        ShouldBe(Of(Report("all"), "passing new", "malloc"), 20, 54321, isOld);
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

    private static void ShouldBe((long Count, long Bytes) found, long count, long each, bool isOld)
    {
        found.Count.ShouldBeInRange(count, count + (isOld ? 2 : 0));
        found.Bytes.ShouldBeInRange(count * each, count * each + (isOld ? 4096 : 0));
    }

    private static (long Count, long Bytes) Of(JsonElement report, string mark, params string[] allocators) => RecordedLine.Of(report, Fixture, mark, name => allocators.Contains(name));
}
