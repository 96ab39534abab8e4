using System.Text.Json;
using Kaa.Tests.Live.Harness;

namespace Kaa.Tests.Live;

/// <summary>
/// <c>kaa mem --native</c> on every interpreter: a library of C, one of C++, a stripped one and one that is loaded later allocate known blocks at known depths, and each has its own functions, lines
/// and module in front of the line of Python that called it.
/// </summary>
public sealed class NativeMemoryTests : IDisposable
{
    private const string Fixture = "native_memory.py";
    private readonly string _directory = Directory.CreateTempSubdirectory("kaa-mem-native-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Theory]
    [MemberData(nameof(Interpreters.Plain), MemberType = typeof(Interpreters))]
    public void C_stacks_are_merged_into_those_of_a_running_process(string interpreter)
    {
        Interpreter its = Interpreters.Named(interpreter);
        using var libraries = new CompiledLibraries(its.Root);
        using PythonChild child = PythonChild.StartFile(its, Repository.Fixture(Fixture), Compile(libraries));
        if (child.Ready.Length > 0)
            return;
        using var recording = Recording.Of(child, "--native");
        child.WriteLine("go");
        child.ReadUntil("done").ShouldBe("0");
        recording.End().ShouldBe(0);
        ShouldBeExact(recording.Report("leaks"));
        KaaResult modules = Harness.Kaa.Run("mem", "report", recording.Path, "--view", "leaks", "--by", "module");
        modules.Output.ShouldMatch(@"\d %.*/libleak\.so\n");
    }

    [Theory]
    [MemberData(nameof(Interpreters.Plain), MemberType = typeof(Interpreters))]
    public void C_stacks_are_merged_into_those_of_a_program_that_is_started(string interpreter)
    {
        Interpreter its = Interpreters.Named(interpreter);
        using var libraries = new CompiledLibraries(its.Root);
        (string script, string? copies) = PythonChild.Place(its, Repository.Fixture(Fixture));
        string file = Path.Combine(_directory, "recording");
        KaaResult run = Harness.Kaa.Run(["mem", "run", "--native", "-o", file, "--", .. its.Launch, script, .. Compile(libraries)]);
        if (copies is not null)
            Directory.Delete(copies, recursive: true);
        run.Exit.ShouldBe(0, run.Error);
        if (run.Output.Contains("without ctypes", StringComparison.Ordinal))
            return;
        KaaResult report = Harness.Kaa.Run("mem", "report", file, "--view", "leaks", "--json");
        report.Exit.ShouldBe(0, report.Error);
        ShouldBeExact(report.Json);
    }

    private static void ShouldBeExact(JsonElement leaks)
    {
        leaks.GetProperty("metadata").GetProperty("lost").GetInt64().ShouldBe(0);
        leaks.GetProperty("metadata").GetProperty("native").GetBoolean().ShouldBeTrue();
        Count(leaks, 1111, "one", ["leak_inlined", "leak_one"], "libleak.so").ShouldBe(100);
        Count(leaks, 1112, "aligned", ["leak_inlined", "leak_one", "leak_aligned"], "libleak.so").ShouldBe(10);
        Count(leaks, 1113, "deep", ["leak_inlined", "leak_one", .. Enumerable.Repeat("leak_deep", 8)], "libleak.so").ShouldBe(20);
        Count(leaks, 1114, "called", ["leak_inlined", "leak_one"], "libleak.so", IsCalledByPythonThatCHasCalled).ShouldBe(30);
        Count(leaks, 2100, "new", ["leak_new"], "libleakxx.so").ShouldBe(40);
        Count(leaks, 1115, "stripped", ["leak_one"], "libstripped.so").ShouldBe(50);
        Count(leaks, 1116, "thread", ["leak_inlined", "leak_one"], "libleak.so").ShouldBe(60);
        Count(leaks, 1117, "later", ["leak_inlined", "leak_one"], "liblater.so").ShouldBe(70);
        Count(leaks, 1118, "recursive", ["leak_inlined", "leak_one"], "libleak.so", stack => stack.Count(frame => Function(frame) == "recursive") == 201).ShouldBe(1);
    }

    /// <summary>C functions, then the callback, then the C function that has called it, and only then the line that called that.</summary>
    private static bool IsCalledByPythonThatCHasCalled(JsonElement[] stack)
    {
        int called = Array.FindIndex(stack, frame => Function(frame) == "made");
        int caller = Array.FindIndex(stack, frame => Function(frame) == "leak_call");
        int line = Array.FindIndex(stack, frame => IsPython(frame) && frame.GetProperty("line").GetInt32() == Repository.LineOf("calls", Fixture));
        return called >= 0 && caller > called && line > caller && !stack[(called + 1)..line].Any(IsPython);
    }

    /// <summary>Blocks of one size that have exactly these C functions on top, of this library, in front of a line of the fixture.</summary>
    private static long Count(JsonElement report, int size, string mark, string[] functions, string library, Func<JsonElement[], bool>? isRight = null)
    {
        long count = 0;
        foreach (JsonElement entry in report.GetProperty("entries").EnumerateArray())
        {
            JsonElement[] stack = [.. entry.GetProperty("stack").EnumerateArray()];
            if (entry.GetProperty("allocator").GetString() != "malloc" || entry.GetProperty("bytes").GetInt64() != size * entry.GetProperty("count").GetInt64() || stack.Length <= functions.Length)
                continue;
            JsonElement caller = stack.First(IsPython);
            bool isSame = stack[..functions.Length].Select(Function).SequenceEqual(functions) && Function(stack[functions.Length])?.StartsWith("leak_", StringComparison.Ordinal) != true
                && stack[..functions.Length].All(frame => frame.GetProperty("module").GetString()!.EndsWith('/' + library, StringComparison.Ordinal));
            if (isSame && caller.GetProperty("line").GetInt32() == Repository.LineOf(mark, Fixture) && isRight?.Invoke(stack) != false)
                count += entry.GetProperty("count").GetInt64();
        }

        return count;
    }

    private static string? Function(JsonElement frame) => frame.GetProperty("function").GetString();

    private static bool IsPython(JsonElement frame) => frame.GetProperty("kind").GetString() == "python";

    /// <summary>In the order of the fixture's arguments.</summary>
    private static string[] Compile(CompiledLibraries libraries)
    {
        string source = File.ReadAllText(Repository.Program("leak.c"));
        return
        [
            libraries.Library("libleak.so", source, "-g", "-O2"),
            libraries.CxxLibrary("libleakxx.so", source, "-g", "-O2"),
            libraries.Library("libstripped.so", source, "-s", "-O2"),
            libraries.Library("liblater.so", source, "-g", "-O2"),
        ];
    }
}
