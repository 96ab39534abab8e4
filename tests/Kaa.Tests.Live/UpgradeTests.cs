using System.Globalization;
using System.Text.Json.Nodes;
using Kaa.Tests.Live.Harness;
using Xunit.Abstractions;

namespace Kaa.Tests.Live;

/// <summary>Processes whose program and libraries were deleted or replaced by other builds while they ran: libc and the loader too.</summary>
public sealed class UpgradeTests(ITestOutputHelper output)
{
    /// <summary>Takes away from root what opening map_files needs, and from the process what would make it stronger than its observer.</summary>
    private static readonly string[] s_unprivileged = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"];

    [Theory]
    [MemberData(nameof(Interpreters.Plain), MemberType = typeof(Interpreters))]
    public void A_process_whose_files_were_deleted_shows_what_it_showed(string name)
    {
        using var copy = new PrivateCopy(Interpreters.Named(name), "native.py");
        (JsonObject before, JsonObject after) = LookTwice(copy, copy.DeleteAll, "--native-all");
        Deleted(before).ShouldBeEmpty();
        Deleted(after).Length.ShouldBe(copy.Files.Count);
        Deleted(after).ShouldAllBe(message => message.Contains(" was deleted after it was loaded"));
    }

    [Theory]
    [MemberData(nameof(Interpreters.Plain), MemberType = typeof(Interpreters))]
    public void A_process_whose_files_were_replaced_by_other_builds_shows_what_it_showed(string name)
    {
        using var copy = new PrivateCopy(Interpreters.Named(name), "native.py");
        (_, JsonObject after) = LookTwice(copy, copy.ReplaceAll, "--native");
        Deleted(after).Length.ShouldBe(copy.Files.Count);
        Deleted(after).ShouldAllBe(message => message.Contains(" was replaced by another file after it was loaded"));
    }

    /// <summary>Before and after the files of the process are changed: both looks show the same.</summary>
    private static (JsonObject Before, JsonObject After) LookTwice(PrivateCopy copy, Action change, string native)
    {
        using PythonChild child = PythonChild.Start(copy.Interpreter, "native.py");
        JsonObject before = Settled(child, native, "--locals");
        change();
        JsonObject after = Look(child, native, "--locals");
        AnswerComparison.OfLooks(before, after).ShouldBeEmpty();
        return (before, after);
    }

    /// <summary>Threads can't say that they have come to where they wait: one may just be beginning. So it is looked at until two looks show the same.</summary>
    private static JsonObject Settled(PythonChild child, params string[] options)
    {
        JsonObject before = Look(child, options);
        for (int look = 0; look < 100; look++)
        {
            JsonObject next = Look(child, options);
            if (AnswerComparison.OfLooks(before, next).Count == 0)
                return next;
            before = next;
        }

        return before;
    }

    /// <summary>The same process, by gdb and by Kaa: what gdb makes of it stands in the test's output.</summary>
    [Theory]
    [MemberData(nameof(Interpreters.OfEachKind), MemberType = typeof(Interpreters))]
    public void Gdb_loses_the_stack_that_Kaa_keeps(string name)
    {
        if (GdbStacks.Path is null)
            return;
        using var copy = new PrivateCopy(Interpreters.Named(name), "native.py");
        using PythonChild child = PythonChild.Start(copy.Interpreter, "native.py");
        string gdbBefore = AskGdb(copy, child);
        string kaaBefore = MainStack(child);
        copy.ReplaceAll();
        string gdbAfter = AskGdb(copy, child);
        string kaaAfter = MainStack(child);
        output.WriteLine($"--- gdb before\n{gdbBefore}\n--- gdb after\n{gdbAfter}\n--- Kaa before and after\n{kaaAfter}");
        kaaAfter.ShouldBe(kaaBefore);
        gdbAfter.ShouldNotBe(gdbBefore, "gdb takes the symbols of whatever lies at the path now");
    }

    [KernelCoreTheory]
    [MemberData(nameof(Interpreters.OfEachKind), MemberType = typeof(Interpreters))]
    public void A_core_of_a_process_whose_files_were_replaced_shows_what_the_process_showed(string name)
    {
        using var cores = new Cores();
        using var copy = new PrivateCopy(Interpreters.Named(name), "native.py");
        using PythonChild child = cores.Start(copy.Interpreter, "native.py");
        JsonObject live = Settled(child, "--locals");
        copy.ReplaceAll();

        // gdb can't read the stacks of glibc 2.42 and later, as sid has it; the kernel is told to dump the pages of files too.
        bool byKernel = copy.Interpreter.Root is not null;
        string core = byKernel ? cores.Kill(child, "0x37") : cores.Gcore(child);
        string[] root = child.Interpreter.Root is { } directory ? ["--sysroot", directory] : [];
        KaaResult result = Harness.Kaa.Run(["bt", core, "--json", "--locals", .. root]);
        result.Exit.ShouldBe(0, result.Output + result.Error);
        AnswerComparison.OfLiveAndCore(live, JsonNode.Parse(result.Output)!.AsObject()).ShouldBeEmpty();
    }

    /// <summary>The kernel leaves code and constants to the files by default, and these files are gone for good.</summary>
    [KernelCoreTheory]
    [MemberData(nameof(Interpreters.OfEachKind), MemberType = typeof(Interpreters))]
    public void A_core_that_leaves_constants_to_files_that_are_gone_shows_what_the_program_wrote(string name)
    {
        using var cores = new Cores();
        using var copy = new PrivateCopy(Interpreters.Named(name), "native.py");
        using PythonChild child = cores.Start(copy.Interpreter, "native.py");
        Dictionary<string, string> live = PythonFrames(Look(child));
        copy.ReplaceAll();
        string core = cores.Kill(child, "0x33");
        string[] root = child.Interpreter.Root is { } directory ? ["--sysroot", directory] : [];
        KaaResult result = Harness.Kaa.Run(["bt", core, "--json", "--locals", .. root]);
        result.Exit.ShouldBe(3, result.Output + result.Error);
        PythonFrames(JsonNode.Parse(result.Output)!.AsObject()).ShouldBe(live, ignoreOrder: true);
        result.Output.ShouldContain("\"file-other-build\"");
        result.Output.ShouldNotContain("(unnamed type).");
    }

    [Theory]
    [MemberData(nameof(Interpreters.Hosted), MemberType = typeof(Interpreters))]
    public void Without_the_right_to_open_old_files_only_what_memory_lacks_is_unknown(string name)
    {
        using var copy = new PrivateCopy(Interpreters.Named(name), "native.py", s_unprivileged);
        using PythonChild child = PythonChild.Start(copy.Interpreter, "native.py");
        JsonObject before = LookUnprivileged(child);
        copy.DeleteAll();
        JsonObject after = LookUnprivileged(child);

        // musl has its unwind rules in its file only (.debug_frame), so its C stacks end early.
        bool keepsNative = copy.Interpreter.Libc != "musl";
        AnswerComparison.OfLooks(WithoutNames(before, keepsNative), WithoutNames(after, keepsNative)).ShouldBeEmpty();
        string[] notes = Deleted(after);
        notes.Length.ShouldBe(copy.Files.Count);
        notes.Count(message => message.Contains("can't be opened")).ShouldBe(notes.Length - 1, "the program itself can be opened, by /proc/PID/exe");
    }

    private static JsonObject Look(PythonChild child, params string[] arguments)
    {
        KaaResult result = Harness.Kaa.Run(["bt", Pid(child), "--json", .. arguments]);
        result.Exit.ShouldBe(0, result.Output + result.Error);
        return JsonNode.Parse(result.Output)!.AsObject();
    }

    private static JsonObject LookUnprivileged(PythonChild child)
    {
        string[] command = [.. s_unprivileged, Repository.Kaa, "bt", Pid(child), "--json", "--native-all", "--locals"];
        ProgramResult result = Program.Run(command[0], command[1..]);
        // musl has its symbols in its file only, and they tell where its functions begin: without it its C stacks may end early.
        (result.Exit == 3 && child.Interpreter.Libc == "musl" ? 0 : result.Exit).ShouldBe(0, result.Output + result.Error);
        return JsonNode.Parse(result.Output)!.AsObject();
    }

    /// <summary>Frames by address: inlined ones have none of their own, and names and lines of C code are what a file is needed for.</summary>
    private static JsonObject WithoutNames(JsonObject answer, bool keepsNative)
    {
        JsonObject copy = answer.DeepClone().AsObject();
        foreach (JsonNode? thread in copy["threads"]!.AsArray())
        {
            JsonArray frames = thread!["frames"]!.AsArray();
            foreach (JsonNode? frame in frames.Where(frame => frame!["kind"]!.GetValue<string>() == "native").ToArray())
            {
                foreach (string key in (string[])["function", "file", "line"])
                    frame!.AsObject().Remove(key);
                if (frame!["inlined"]!.GetValue<bool>() || !keepsNative)
                    frames.Remove(frame);
            }

            foreach (string key in keepsNative ? [] : (string[])["stopped", "truncated"])
                thread.AsObject().Remove(key);
        }

        return copy;
    }

    /// <summary>Functions, files and lines of each thread that runs Python code, by its ident.</summary>
    private static Dictionary<string, string> PythonFrames(JsonObject answer)
    {
        var threads = new Dictionary<string, string>();
        foreach (JsonNode? thread in answer["threads"]!.AsArray())
        {
            IEnumerable<string> frames = thread!["frames"]!.AsArray().Where(frame => frame!["kind"]!.GetValue<string>() == "python").Select(frame => $"{frame!["function"]} {frame["file"]}:{frame["line"]}");
            threads[thread["ident"]!.ToJsonString()] = string.Join('\n', frames);
        }

        return threads;
    }

    /// <summary>Functions and lines of the main thread.</summary>
    private static string MainStack(PythonChild child)
    {
        IEnumerable<string> frames = Look(child, "--native")["threads"]![0]!["frames"]!.AsArray().Select(frame => $"{frame!["function"]} {frame["file"]}:{frame["line"]}");
        return string.Join('\n', frames);
    }

    /// <summary>What gdb says of it.</summary>
    private static string AskGdb(PrivateCopy copy, PythonChild child)
    {
        string[] root = child.Interpreter.Root is { } path ? ["-iex", "set sysroot " + path, copy.Executable] : [];
        ProgramResult result = Program.Run(
            GdbStacks.Path!, ["-nx", "-batch", "-iex", "set auto-load off", .. root, "-p", Pid(child), "-ex", "thread 1", "-ex", "bt 12"], TimeSpan.FromMinutes(2));
        IEnumerable<string> lines = (result.Output + result.Error).Split('\n')
            .Where(line => !line.StartsWith("[New LWP", StringComparison.Ordinal) && !line.StartsWith("[Thread debugging", StringComparison.Ordinal));
        return string.Join('\n', lines);
    }

    private static string Pid(PythonChild child) => child.Pid.ToString(CultureInfo.InvariantCulture);

    private static string[] Deleted(JsonObject answer) =>
        [.. answer["notes"]!.AsArray().Where(note => note!["code"]!.GetValue<string>() == "deleted-library").Select(note => note!["message"]!.GetValue<string>())];
}
