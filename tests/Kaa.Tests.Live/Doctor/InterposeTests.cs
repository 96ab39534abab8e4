using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Kaa.Tests.Live.Harness;
using Program = Kaa.Tests.Live.Harness.Program;

namespace Kaa.Tests.Live.Doctor;

/// <summary>What an interposed function would see, foretold for a process, and then counted by a library that is preloaded for real.</summary>
public sealed class InterposeTests : IDisposable
{
    private const string Sites = """
        ATTRIBUTE int worked(int x) { return (x ^ 21) * 3 % 1001; }
        __attribute__((noinline)) int first(int x) { return worked(x) + 2; }
        __attribute__((noinline)) int second(int x) { return worked(x + 5) ^ 7; }
        __attribute__((noinline)) int third(int x) { return x + worked(x); }
        int run(int x) { return first(x) + second(x) + third(x); }
        """;

    // Two calls of its own beside those of the library.
    private const string Main = """
        #include <stdio.h>
        int worked(int x); int run(int x);
        OWN
        int main(int count, char **words) { int r = run(count); r += worked(count); r ^= worked(r); printf("ready %d\n", r); fflush(stdout); getchar(); return 0; }
        """;

    private const string Counter = """
        #include <stdio.h>
        static int seen;
        int worked(int x) { seen++; return (x ^ 21) * 3 % 1001; }
        __attribute__((destructor)) static void tell(void) { fprintf(stderr, "seen %d\n", seen); }
        """;

    private readonly CompiledLibraries _built = new();

    public void Dispose() => _built.Dispose();

    [Theory]
    [InlineData("through the PLT", "", "-O1", "", 5, 5)]
    [InlineData("through the GOT", "", "-O2 -fno-plt", "", 5, 5)]
    [InlineData("bound late", "", "-O2 -Wl,-z,lazy", "", 5, 5)]
    [InlineData("through the PLT of CET", "", "-O2 -fcf-protection=full -Wl,-z,ibtplt", "", 5, 5)]
    [InlineData("direct", "", "-O2 -fno-inline -fno-semantic-interposition", "", 2, 5)]
    [InlineData("inlined", "", "-O2 -g -fno-semantic-interposition", "", 2, 5)]
    [InlineData("symbolic", "", "-O1 -Wl,-Bsymbolic", "", 2, 5)]
    [InlineData("symbolic functions", "", "-O1 -Wl,-Bsymbolic-functions", "", 2, 5)]
    [InlineData("protected", "__attribute__((visibility(\"protected\")))", "-O1 -fno-inline", "", 2, 5)]
    [InlineData("the program's own", "", "-O1", "__attribute__((noinline)) int worked(int x) { return (x ^ 21) * 3 % 1001; }", 0, 5)]
    public void The_call_sites_that_an_interposed_function_sees_are_those_that_it_was_foretold(string name, string attribute, string flags, string own, int seen, int sites)
    {
        _built.Library("libsites.so", Sites.Replace("ATTRIBUTE", attribute, StringComparison.Ordinal), flags.Split(' '));
        string main = _built.Compile("main", Main.Replace("OWN", own, StringComparison.Ordinal), "-O1", "-rdynamic", "-L" + _built.HostDirectory, "-lsites", "-Wl,-rpath," + _built.Directory);
        string counter = _built.Library("libcounter.so", Counter);
        JsonElement verdict = Foretell(main).WithCode("interpose-verdict");
        Predictions.Title(verdict).ShouldBe($"an interposed worked would see {seen} of {sites} call sites", name + "\n" + verdict.GetRawText());
        verdict.GetProperty("severity").GetString().ShouldBe(seen == sites ? "ok" : seen == 0 ? "problem" : "warning");

        // Each site is come to once.
        Program.Run("/usr/bin/env", ["LD_PRELOAD=" + counter, main]).Error.Trim().ShouldBe("seen " + seen.ToString(CultureInfo.InvariantCulture));
    }

    [Fact]
    public void Every_definition_and_the_instructions_are_told_as_proof()
    {
        _built.Library("libsites.so", Sites.Replace("ATTRIBUTE", "", StringComparison.Ordinal), "-O1", "-fno-semantic-interposition", "-fno-inline");
        string main = _built.Compile("main", Main.Replace("OWN", "", StringComparison.Ordinal), "-O1", "-no-pie", "-L" + _built.HostDirectory, "-lsites", "-Wl,-rpath," + _built.Directory);
        JsonElement[] findings = Foretell(main);
        findings.WithCode("interpose-definitions").GetProperty("evidence")[0].GetString()!.ShouldContain($"in {_built.Directory}/libsites.so (.dynsym global");
        JsonElement[] calls = [.. findings.Where(finding => Predictions.Code(finding) == "interpose-calls")];
        calls.Length.ShouldBe(2);
        string[] proof = [.. calls.SelectMany(call => call.GetProperty("evidence").EnumerateArray()).Select(line => line.GetString()!)];
        proof.Count(line => line.StartsWith("direct: 0x", StringComparison.Ordinal)).ShouldBe(3, string.Join('\n', proof));
        proof.Count(line => line.StartsWith("PLT: 0x", StringComparison.Ordinal)).ShouldBe(2, string.Join('\n', proof));
        proof.ShouldContain(line => line.Contains(": e8 ") && line.Contains("call 0x") && line.Contains("<worked>  in first"));
    }

    /// <summary>A table of functions in data: filled by the symbol's name, or only moved with the library, which no interposed function changes.</summary>
    [Theory]
    [InlineData("-O1", 2, 0)]
    [InlineData("-O1 -Wl,-Bsymbolic", 0, 2)]
    [InlineData("-O1 -Wl,-Bsymbolic -Wl,-z,pack-relative-relocs", 0, 2)]
    public void Pointers_in_data_are_counted_by_where_they_lead(string flags, int pointers, int directPointers)
    {
        const string Table = "\nint (*table[])(int) = { worked, first, worked };\n";
        _built.Library("libsites.so", Sites.Replace("ATTRIBUTE", "", StringComparison.Ordinal) + Table, flags.Split(' '));
        string main = _built.Compile("main", Main.Replace("OWN", "", StringComparison.Ordinal), "-O1", "-L" + _built.HostDirectory, "-lsites", "-Wl,-rpath," + _built.Directory);
        JsonElement library = Foretell(main).Single(finding => Predictions.Code(finding) == "interpose-calls" && finding.GetProperty("subject").GetString()!.EndsWith("libsites.so", StringComparison.Ordinal));
        (Predictions.Fact(library, "pointers"), Predictions.Fact(library, "directPointers")).ShouldBe((pointers, directPointers), library.GetRawText());
    }

    [Fact]
    public void A_name_that_nobody_has_is_said_to_be_nowhere()
    {
        using PythonChild child = PythonChild.Start(Interpreters.Any, "parked.py");
        Predictions.Of(child.Pid, "--interpose", "no_such_function_anywhere").Select(Predictions.Code).ShouldBe(["interpose-no-symbol"]);
    }

    /// <summary>The story from the field: an allocator that was interposed, and never called.</summary>
    [Theory]
    [MemberData(nameof(Interpreters.Hosted), MemberType = typeof(Interpreters))]
    public void An_interposed_PyObject_Malloc_is_called_where_it_was_foretold_to_be(string name)
    {
        const string Allocator = """
            #define _GNU_SOURCE
            #include <dlfcn.h>
            #include <stdio.h>
            static long seen;
            void *PyObject_Malloc(unsigned long size) {
                static void *(*next)(unsigned long);
                if (!next) next = dlsym(RTLD_NEXT, "PyObject_Malloc");
                if (!next) next = dlsym(RTLD_DEFAULT, "PyObject_Malloc");
                seen++;
                return next(size);
            }
            __attribute__((destructor)) static void tell(void) { fprintf(stderr, "seen %ld\n", seen); }
            """;
        Interpreter interpreter = Interpreters.Named(name);
        if (interpreter.Libc == "musl")
            return;
        using PythonChild child = PythonChild.Start(interpreter, "parked.py");
        JsonElement verdict = Predictions.Of(child.Pid, "--interpose", "PyObject_Malloc").WithCode("interpose-verdict");
        Predictions.Fact(verdict, "callSites").ShouldBeGreaterThan(10);
        string counter = _built.Library("libcounter.so", Allocator);
        string said = Program.Run("/usr/bin/env", ["LD_PRELOAD=" + counter, .. interpreter.Launch, "-c", "import json; json.loads('[1, {}]')"]).Error;
        int seen = int.Parse(said[(said.LastIndexOf("seen ", StringComparison.Ordinal) + 5)..], CultureInfo.InvariantCulture);
        (seen > 0).ShouldBe(Predictions.Fact(verdict, "seen") > 0, $"{said}\n{verdict.GetRawText()}");
    }

    private static JsonElement[] Foretell(string main)
    {
        using Process process = Program.Start(main, []);
        process.StandardOutput.ReadLine()!.ShouldStartWith("ready");
        try
        {
            return Predictions.Of(process.Id, "--interpose", "worked");
        }
        finally
        {
            process.Kill();
            process.WaitForExit();
        }
    }
}
