using System.Globalization;
using System.Text.Json;
using Kaa.Tests.Live.Harness;

namespace Kaa.Tests.Live;

/// <summary>C frames against gdb's, and Python frames with them against those without.</summary>
public sealed class NativeTests
{
    [Theory]
    [MemberData(nameof(Interpreters.Plain), MemberType = typeof(Interpreters))]
    public void Every_C_frame_is_where_gdb_has_it(string name)
    {
        Interpreter interpreter = Interpreters.Named(name);
        if (GdbStacks.Path is null || interpreter.Libc == "musl")
            return;
        using PythonChild child = PythonChild.Start(interpreter, "native.py");
        JsonElement answer = Settled(child, "--native-all");
        Dictionary<int, ulong[]> truth = GdbStacks.Of(child);
        var differences = new List<string>();
        foreach (JsonElement thread in answer.GetProperty("threads").EnumerateArray())
        {
            ulong[] expected = truth[thread.GetProperty("tid").GetInt32()];
            ulong[] actual = [.. Frames(thread, "native").Where(frame => !frame.GetProperty("inlined").GetBoolean()).Select(Address)];
            if (!expected.SequenceEqual(actual))
                differences.Add($"{thread.GetProperty("name")}: expected {Text(expected)}, actual {Text(actual)}");
        }

        differences.ShouldBeEmpty();
        answer.GetProperty("threads").GetArrayLength().ShouldBe(truth.Count);
        answer.GetProperty("pauseMicroseconds").GetInt64().ShouldBe(0, "threads that sleep are unwound where they sleep");
    }

    /// <summary>The whole stacks, C and Python merged, function by function; and gdb's of the same core.</summary>
    [Theory]
    [MemberData(nameof(Interpreters.Plain), MemberType = typeof(Interpreters))]
    public void A_core_has_the_merged_stacks_of_the_process(string name)
    {
        using var cores = new Cores();
        using PythonChild child = cores.Start(Interpreters.Named(name), "native.py");
        Dictionary<int, string> live = Merged(Settled(child, "--native-all"));

        // Kaa's own: gdb's lack the C stacks of threads where the C library is glibc 2.42 or later.
        string core = Path.Combine(cores.Directory, "core");
        Harness.Kaa.Run("core", child.Pid.ToString(CultureInfo.InvariantCulture), "-o", core).Exit.ShouldBe(0);
        string[] root = child.Interpreter.Root is { } directory ? ["--sysroot", directory] : [];
        JsonElement answer = Harness.Kaa.Run(["bt", core, "--json", "--source", "0", "--native-all", .. root]).Json;
        Dictionary<int, string> dead = Merged(answer);
        dead.Keys.Order().ShouldBe(live.Keys.Order());
        foreach ((int tid, string frames) in live)
            (dead[tid] == frames).ShouldBeTrue($"live:\n{frames}\ncore:\n{dead[tid]}");
        if (child.Interpreter.Libc == "musl")
            return;
        Dictionary<int, ulong[]> truth = GdbStacks.Of(core, child);
        foreach (JsonElement thread in answer.GetProperty("threads").EnumerateArray())
            Frames(thread, "native").Where(frame => !frame.GetProperty("inlined").GetBoolean()).Select(Address).ShouldBe(truth[thread.GetProperty("tid").GetInt32()]);
    }

    /// <summary>musl has neither unwind rules nor frame pointers.</summary>
    [Fact]
    public void Stacks_go_through_a_C_library_without_unwind_rules_to_where_the_thread_began()
    {
        foreach (Interpreter interpreter in Interpreters.Known.Where(interpreter => interpreter.Libc == "musl"))
        {
            using PythonChild child = PythonChild.Start(interpreter, "native.py");
            JsonElement answer = Settled(child, "--native-all");
            foreach (JsonElement thread in answer.GetProperty("threads").EnumerateArray().Where(thread => thread.GetProperty("main").GetBoolean() || thread.GetProperty("ident").ValueKind == JsonValueKind.Number))
            {
                string[] functions = [.. Frames(thread, "native").Select(frame => frame.GetProperty("function").GetString() ?? "?")];
                functions.ShouldContain(thread.GetProperty("main").GetBoolean() ? "Py_BytesMain" : "pythread_wrapper", thread.GetRawText());
            }
        }
    }

    [Theory]
    [MemberData(nameof(Interpreters.Plain), MemberType = typeof(Interpreters))]
    public void The_Python_frames_are_those_of_a_plain_look(string name)
    {
        Interpreter interpreter = Interpreters.Named(name);
        using PythonChild child = PythonChild.Start(interpreter, "native.py");
        Dictionary<int, string> plain = ByTid(Settled(child));
        foreach (string option in new[] { "--native", "--native-all" })
        {
            Dictionary<int, string> native = ByTid(Settled(child, option));
            foreach ((int tid, string frames) in plain)
                native[tid].ShouldBe(frames, option);
        }
    }

    [Theory]
    [MemberData(nameof(Interpreters.Plain), MemberType = typeof(Interpreters))]
    public void Each_Python_frame_stands_before_the_C_frame_that_runs_it(string name)
    {
        Interpreter interpreter = Interpreters.Named(name);
        if (interpreter.Libc == "musl")
            return;
        using PythonChild child = PythonChild.Start(interpreter, "native.py");
        JsonElement[] frames = Thread(Settled(child, "--native"), "sort_key");

        // sleep, sleep, <lambda> are run below the sort, and the function that sorts above it.
        IEnumerable<string> kinds = frames.Where(frame => frame.GetProperty("kind").GetString() != "builtin")
            .Select(frame => frame.GetProperty("kind").GetString() == "native" ? "C" : frame.GetProperty("function").GetString()!);
        string order = string.Join(' ', kinds);
        order.ShouldContain("C sleep sleep <lambda>");
        order.ShouldContain("sort_key run");
        if (!interpreter.Stripped)
            frames.Select(frame => frame.GetProperty("function").GetString()).ShouldContain("builtin_sorted");
        order.ShouldNotContain("_PyEval_EvalFrameDefault");
    }

    private static JsonElement Settled(PythonChild child, params string[] arguments)
    {
        string pid = child.Pid.ToString(CultureInfo.InvariantCulture);
        KaaResult result = Harness.Kaa.Run(["bt", pid, "--json", "--source", "0", .. arguments]);
        // Where musl began a thread that C code made, nothing proves that it is the end.
        int[] expected = child.Interpreter.Libc == "musl" && arguments.Length > 0 ? [0, 3] : [0];
        result.Exit.ShouldBeOneOf(expected, result.Output + result.Error);
        return result.Json;
    }

    private static JsonElement[] Thread(JsonElement answer, string name) =>
        [.. answer.GetProperty("threads").EnumerateArray().Single(thread => thread.GetProperty("name").GetString() == name).GetProperty("frames").EnumerateArray()];

    private static Dictionary<int, string> ByTid(JsonElement answer) => answer.GetProperty("threads").EnumerateArray().ToDictionary(
        thread => thread.GetProperty("tid").GetInt32(), thread => string.Join('\n', Frames(thread, "python").Select(frame => frame.GetRawText())));

    /// <summary>Builtin frames are left out: what a thread sleeps in proves some of them, and a core does not tell.</summary>
    private static Dictionary<int, string> Merged(JsonElement answer) => answer.GetProperty("threads").EnumerateArray().ToDictionary(
        thread => thread.GetProperty("tid").GetInt32(),
        thread => string.Join('\n', thread.GetProperty("frames").EnumerateArray().Where(frame => frame.GetProperty("kind").GetString() != "builtin").Select(frame => frame.GetRawText())));

    private static IEnumerable<JsonElement> Frames(JsonElement thread, string kind) =>
        thread.GetProperty("frames").EnumerateArray().Where(frame => frame.GetProperty("kind").GetString() == kind);

    private static ulong Address(JsonElement frame) => ulong.Parse(frame.GetProperty("address").GetString()![2..], NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    private static string Text(ulong[] addresses) => string.Join(' ', addresses.Select(address => address.ToString("x", CultureInfo.InvariantCulture)));
}
