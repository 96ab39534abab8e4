using System.Text.Json;
using Kaa.Tests.Live.Harness;

namespace Kaa.Tests.Live.Doctor;

/// <summary>Each prediction about LD_PRELOAD is compared with a start of the same interpreter with it.</summary>
public sealed class PreloadTests
{
    public static TheoryData<string> Loaders => new("3.11.7", "3.11-debian", "3.14-sid");

    [Theory]
    [MemberData(nameof(Loaders))]
    public void What_the_loader_says_is_what_was_foretold(string name)
    {
        Interpreter interpreter = Interpreters.Named(name);
        using var built = new CompiledLibraries(interpreter.Root);
        using PythonChild child = PythonChild.Start(interpreter, "parked.py");
        string good = built.Library("libgood.so", "void *malloc(unsigned long); int good(void) { return malloc(1) != 0; }");
        string gone = built.Library("libgone.so", "int gone(void) { return 1; }");
        string needy = built.Library("libneedy.so", "int gone(void); int needy(void) { return gone(); }", built.HostDirectory + "/libgone.so", "-Wl,--no-as-needed");
        File.Delete(Path.Combine(built.HostDirectory, "libgone.so"));
        string[] libraries =
        [
            good, gone, needy, "libnowhere.so.7", "libm.so.6",
            built.Library("liblate.so", "int missing(void); int late(void) { return missing(); }", "-Wl,-z,lazy"),
            built.Library("libnow.so", "int missing(void); int now(void) { return missing(); }", "-Wl,-z,now"),
            built.Library("libdata.so", "extern int absent; int *data(void) { return &absent; }"),
            built.Write("libtext.so", [.. Enumerable.Repeat((byte)'x', 200)]),
        ];
        var differences = new List<string>();
        foreach (string library in libraries)
        {
            JsonElement[] findings = Predictions.Of(child.Pid, "--preload", library);
            string start = $"import os, sys; os.environ['LD_PRELOAD'] = '{library}'; os.execv(sys.executable, [sys.executable, '-c', 'pass'])";
            string error = Program.Run(interpreter.Launch[0], [.. interpreter.Launch[1..], "-c", start]).Error;
            bool works = findings.Any(finding => Predictions.Code(finding) == "preload-works");
            if (works != (error.Length == 0) || (!works && !findings.Any(finding => error.Contains(Reason(finding)))))
                differences.Add($"{library}: '{error}'\n{Predictions.Text(findings)}");
        }

        differences.ShouldBeEmpty();
    }

    [Fact]
    public void What_it_would_take_over_is_told_and_what_the_program_keeps()
    {
        using var built = new CompiledLibraries();
        string library = built.Library("libtakes.so", "void *malloc(unsigned long n) { return 0; } void *PyObject_Malloc(unsigned long n) { return 0; } int own(void) { return 1; }");
        using PythonChild own = PythonChild.Start(Interpreters.Named("3.11-debian"), "parked.py");
        JsonElement finding = Predictions.Of(own.Pid, "--preload", library).WithCode("preload-interposes");
        (Predictions.Fact(finding, "exports"), Predictions.Fact(finding, "interposed"), Predictions.Fact(finding, "shadowed")).ShouldBe((3, 1, 1));
        using PythonChild shared = PythonChild.Start(Interpreters.Named("3.11.7"), "parked.py");
        finding = Predictions.Of(shared.Pid, "--preload", library).WithCode("preload-interposes");
        (Predictions.Fact(finding, "interposed"), Predictions.Fact(finding, "shadowed")).ShouldBe((2, 0));
    }

    [Fact]
    public void A_program_with_more_rights_than_its_caller_takes_none()
    {
        using var built = new CompiledLibraries();
        string library = built.Library("libgood.so", "int good(void) { return 1; }");
        string main = built.Compile("main", "#include <stdio.h>\nint main(void) { puts(\"ready\"); fflush(stdout); return getchar(); }");
        Program.Run("chmod", ["u+s", main]).Exit.ShouldBe(0);
        using System.Diagnostics.Process process = Program.Start("setpriv", ["--reuid=65534", "--clear-groups", main]);
        process.StandardOutput.ReadLine().ShouldBe("ready");
        try
        {
            Predictions.Code(Predictions.Of(process.Id, "--preload", library)[0]).ShouldBe("preload-secure");
        }
        finally
        {
            process.Kill();
            process.WaitForExit();
        }
    }

    /// <summary>The words of a title that the loader itself uses.</summary>
    private static string Reason(JsonElement finding)
    {
        string title = Predictions.Title(finding);
        int end = title.IndexOf("): ignored", StringComparison.Ordinal);
        int more = title.IndexOf(" (and ", StringComparison.Ordinal);
        return end >= 0 ? title[..end] : more >= 0 ? title[..more] : title;
    }
}
