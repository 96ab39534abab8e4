using Kaa.Tests.Live.Harness;
using Kaa.Tests.Live.Stories;

namespace Kaa.Tests.Live.Debugging;

/// <summary>Breakpoints at lines of C, of what is loaded and of what will be.</summary>
public sealed class SourceLineTests
{
    [Theory]
    [MemberData(nameof(Interpreters.Plain), MemberType = typeof(Interpreters))]
    public void A_line_of_an_extension_that_is_not_loaded_yet_is_stopped_at(string name)
    {
        Interpreter interpreter = Interpreters.Named(name);
        using var libraries = new CompiledLibraries(interpreter.Root);
        if (ExtensionModule.Compile(libraries, interpreter, "crashing") is not { } directory)
            return;
        int line = new MarkedLines(Repository.Program("crashing.c")).Number("crashes here");
        using PythonChild child = PythonChild.Start(interpreter, "crash_extension.py");
        using var session = new OpenSession(child);
        session.Ask($"break crashing.so.c:{line}").ShouldBe($"No source file named crashing.so.c, or no code of a line {line} of it.\nBreakpoint 1 (crashing.so.c:{line}) pending.\n");
        session.Say("continue");
        child.WriteLine(directory);
        session.Ask("info breakpoints").ShouldMatch($@"Breakpoint 1, [^\n]*weigh[\s\S]*1 +breakpoint +keep y +0x\w+ in weigh at .*crashing\.so\.c:{line}\n");
        session.Ask("py-bt").ShouldContain(", in total_of\n");
        session.Ask("py-locals").ShouldContain("factor = 3\n");
        session.Ask("kill").ShouldContain("killed");
        session.Quit();
    }

    [Fact]
    public void Lines_have_a_location_in_each_function_that_has_them()
    {
        using var libraries = new CompiledLibraries();
        string program = libraries.Compile("lines", """
            #include <stdlib.h>
            static inline __attribute__((always_inline)) int twice(int x)
            {
                return abs(x) * 2;
            }
            __attribute__((noinline)) int first(int x) { return twice(x) + 1; }
            __attribute__((noinline)) int second(int x) { return twice(x) + 2; }

            int main(int argc, char **argv) { (void)argv; return first(argc) + second(argc); }
            """, "-g", "-O1");
        string[] lines = ["start", "break lines.c:4", "info breakpoints", "continue", "continue", "continue"];
        KaaResult result = Harness.Kaa.Run(["debug", "--batch", .. lines.SelectMany(line => new[] { "-ex", line }), "--", program]);
        result.Output.ShouldContain("(2 locations: ", Case.Sensitive, result.Output + result.Error);
        result.Output.ShouldContain(" in first at ");
        result.Output.ShouldContain(" in second at ");
        result.Output.Split("Breakpoint 2, ").Length.ShouldBe(3);
        result.Exit.ShouldBe(7);
    }

    [Fact]
    public void Lines_of_Python_are_refused_with_what_does_it()
    {
        KaaResult result = Harness.Kaa.Run("debug", "--batch", "-ex", "start", "-ex", "break app.py:12", "--", "/bin/true");
        result.Error.ShouldContain("Kaa stops at lines of C.");
        result.Error.ShouldContain("kaa pdb PID");
    }
}
