using System.Text.Json;
using Kaa.Tests.Live.Harness;

namespace Kaa.Tests.Live;

/// <summary><c>kaa mem</c> of C++ programs whose operators new are their allocator's own, and call no malloc: jemalloc, tcmalloc, mimalloc.</summary>
public class CxxAllocatorTests
{
    private const string Fixture = "cxx_allocators.py";
    private const int Size = 54_321;

    private const string Library = """
        #include <cstddef>
        #include <new>
        struct Block { char bytes[54321]; };
        struct alignas(128) Aligned { char bytes[128 * 55]; };
        #define EXPORT extern "C" __attribute__((visibility("default")))
        EXPORT void *make() { return new Block; }
        EXPORT void *make_array() { return new Block[3]; }
        EXPORT void *make_aligned() { return new Aligned; }
        EXPORT void *make_calm() { return new (std::nothrow) Block; }
        EXPORT void drop(void *block) { delete (Block *)block; }
        EXPORT void drop_array(void *block) { delete[] (Block *)block; }
        EXPORT void drop_aligned(void *block) { delete (Aligned *)block; }
        struct Counted { int &count; ~Counted() { count++; } };
        static void *huge(int &unwound) { Counted counted{unwound}; volatile std::size_t size = (std::size_t)1 << 62; return operator new(size); }
        EXPORT int fail(int times)
        {
            int caught = 0, unwound = 0;
            for (int i = 0; i < times; i++)
                try { huge(unwound); } catch (const std::bad_alloc &) { caught++; }
            return caught + unwound;
        }
        """;

    public static TheoryData<string, string> Runs
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (string allocator in Modules.Allocators)
            {
                foreach (Interpreter interpreter in Interpreters.Known.Where(interpreter => interpreter.Name is "2.7.18" or "3.8.18" or "3.11.7" or "3.11-debian" or "3.13.0" or "3.13t"))
                    data.Add(interpreter.Name, allocator);
            }

            return data;
        }
    }

    /// <summary>Each block once, by whichever operator, and what is thrown where there is no memory is caught where it was before.</summary>
    [Theory]
    [MemberData(nameof(Runs))]
    public void Objects_are_exact_and_exceptions_find_their_way(string interpreter, string allocator)
    {
        Interpreter its = Modules.Preloading(Interpreters.Named(interpreter), allocator);
        using var libraries = new CompiledLibraries();
        string library = libraries.CxxLibrary("libobjects.so", Library, "-O1", "-std=c++17", "-fno-builtin");

        // mimalloc, being C, aborts where it can't throw.
        string[] arguments = [library, allocator.Contains("mimalloc", StringComparison.Ordinal) ? "-" : "fails"];
        using PythonChild child = PythonChild.StartFile(its, Repository.Fixture(Fixture), arguments);
        using var recording = Recording.Of(child, "--allocators", "system");
        child.WriteLine("go");
        child.ReadUntil("done").ShouldBe(arguments[1] == "fails" ? "100" : "0");
        recording.End().ShouldBe(0);
        JsonElement leaks = recording.Report("leaks");
        Of(leaks, "new").ShouldBe((10, 10 * Size));
        Of(leaks, "array").ShouldBe((7, 7 * 3 * Size));
        Of(leaks, "aligned").ShouldBe((5, 5 * 128 * 55));
        Of(leaks, "calm").ShouldBe((4, 4 * Size));
        Of(leaks, "passing").ShouldBe((0, 0));
        Of(leaks, "failing").ShouldBe((0, 0));
        Of(recording.Report("all"), "passing").ShouldBe((20, 20 * Size));
        child.CloseInput();
        child.WaitForExit().ShouldBe(0);
    }

    private static (long Count, long Bytes) Of(JsonElement report, string mark) => RecordedLine.Of(report, Fixture, mark, "operator new");
}
