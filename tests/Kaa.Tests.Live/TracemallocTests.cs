using System.Globalization;
using System.Text.Json;
using Kaa.Tests.Live.Harness;

namespace Kaa.Tests.Live;

/// <summary>
/// What CPython's own tracemalloc has of a run by line, <c>kaa mem --allocators python</c> has of the same run: counts and bytes of what is held. tracemalloc is somebody else in front of
/// CPython's tables of allocators: whoever comes first, and whenever one of them leaves, both go on working.
/// </summary>
public sealed class TracemallocTests
{
    /// <summary>Kaa looks twice a second, and a turn takes longer than a hundredth of that.</summary>
    private const int MostTurns = 1000;

    /// <summary>Twenty of 100,000 and more; the list that holds them may come from a free list.</summary>
    private const long BuffersBytes = 20 * 100_000;

    /// <summary>Those of Python 3, of which all have the module but for builds that left it out.</summary>
    public static TheoryData<string> Tracing { get; } = Three(_ => true);

    public static TheoryData<string> WithGil { get; } = Three(interpreter => !interpreter.FreeThreaded);

    [Theory]
    [MemberData(nameof(Tracing))]
    public void Lines_agree_where_it_was_there_before(string interpreter)
    {
        using PythonChild child = PythonChild.Start(Interpreters.Named(interpreter), "traced_memory.py");
        Say(child, "start");
        using Recording recording = Attach(child);
        Say(child, "work");
        recording.End().ShouldBe(0);
        JsonElement told = Say(child, "tell");
        Compare(child, told, recording, _ => true);
        ShouldWorkAlone(child);
    }

    /// <summary>It comes in front of Kaa, so that its own tables are allocated by way of Kaa: in PyMem_Raw, from which the window takes nothing, but in free-threaded builds.</summary>
    [Theory]
    [MemberData(nameof(WithGil))]
    public void Lines_agree_where_it_comes_later(string interpreter)
    {
        using PythonChild child = PythonChild.Start(Interpreters.Named(interpreter), "traced_memory.py");
        using Recording recording = Attach(child);
        Say(child, "start");
        Say(child, "work");
        recording.End().ShouldBe(0);
        JsonElement told = Say(child, "tell");
        Compare(child, told, recording, allocator => !allocator.StartsWith("PyMem_Raw", StringComparison.Ordinal));

        // Its way to CPython's functions leads by the agent, which records nothing any more.
        ShouldWorkAlone(child);
    }

    [Theory]
    [MemberData(nameof(Tracing))]
    public void Started_and_stopped_meanwhile_it_changes_nothing_of_a_recording(string interpreter)
    {
        using PythonChild child = PythonChild.Start(Interpreters.Named(interpreter), "traced_memory.py");
        Say(child, "work");
        Say(child, "forget");
        using Recording recording = Attach(child);
        Say(child, "start");
        Say(child, "stop");
        Say(child, "work");
        recording.End().ShouldBe(0);
        Dictionary<int, (long Count, long Bytes)> found = Held(child, recording, _ => true);

        // The same work again, which tracemalloc tells.
        Say(child, "forget");
        Say(child, "start");
        Say(child, "work");
        int line = Repository.LineIn("buffers", "traced_memory.py");
        found[line].Bytes.ShouldBeGreaterThan(2_000_000);
        Told(child, Say(child, "tell"))[line].ShouldBe(found[line]);
    }

    /// <summary>It calls the agent of the recording in which it was started: that one must not be put in front of it.</summary>
    [Theory]
    [MemberData(nameof(Tracing))]
    public void Started_while_one_recording_ran_it_is_recorded_by_the_next_ones(string interpreter)
    {
        using PythonChild child = PythonChild.Start(Interpreters.Named(interpreter), "traced_memory.py");
        using (Recording first = Attach(child))
        {
            Say(child, "start");
            first.End().ShouldBe(0);
        }

        Say(child, "work");
        Say(child, "forget");
        int line = Repository.LineIn("buffers", "traced_memory.py");
        for (int turn = 0; turn < 2; turn++)
        {
            using Recording next = Attach(child);
            Say(child, "work");
            next.End().ShouldBe(0);

            // But for a frame that was there already, of which tracemalloc tells anew.
            Held(child, next, _ => true)[line].Bytes.ShouldBeInRange(BuffersBytes, BuffersBytes + 10_000);
            Say(child, "forget");
        }

        using Recording sampled = Recording.Of(child, "--allocators", "python", "--sample", "20000");
        Say(child, "work");
        sampled.End().ShouldBe(0);
        ShouldWorkAlone(child);
    }

    /// <summary>When it leaves it puts back what was in CPython's tables before it came, so without the agent, which Kaa brings back.</summary>
    [Theory]
    [MemberData(nameof(Tracing))]
    public void A_recording_goes_on_when_one_that_was_there_before_is_stopped(string interpreter)
    {
        using PythonChild child = PythonChild.Start(Interpreters.Named(interpreter), "traced_memory.py");
        Say(child, "start");
        Say(child, "work");
        Say(child, "forget");
        using Recording recording = Attach(child);
        Say(child, "stop");

        // Until it is seen that Kaa is back.
        int line = Repository.LineIn("buffers", "traced_memory.py");
        Dictionary<int, (long Count, long Bytes)> found;
        int turns = 0;
        do
        {
            (++turns).ShouldBeLessThan(MostTurns);
            Say(child, "work");
            found = Held(child, recording, _ => true);
        }
        while (!found.ContainsKey(line));

        // Behind tracemalloc, which is in front of Kaa now, and without it.
        Say(child, "start");
        Say(child, "work");
        (long Count, long Bytes) each = Told(child, Say(child, "tell"))[line];
        Say(child, "stop");
        Say(child, "work");
        recording.End().ShouldBe(0);
        each.Bytes.ShouldBeGreaterThan(BuffersBytes);
        Held(child, recording, _ => true)[line].Bytes.ShouldBeGreaterThanOrEqualTo(found[line].Bytes + 2 * BuffersBytes);
        child.CloseInput();
        child.WaitForExit().ShouldBe(0);
    }

    private static void ShouldWorkAlone(PythonChild child)
    {
        Say(child, "forget");
        Say(child, "work");
        Told(child, Say(child, "tell")).ShouldNotBeEmpty();
        Say(child, "stop");
        Say(child, "work");
        child.CloseInput();
        child.WaitForExit().ShouldBe(0);
    }

    private static Recording Attach(PythonChild child) => Recording.Of(child, "--allocators", "python");

    private static JsonElement Say(PythonChild child, string word)
    {
        child.WriteLine(word);
        using var said = JsonDocument.Parse(child.ReadUntil("done"));
        return said.RootElement.Clone();
    }

    private static void Compare(PythonChild child, JsonElement told, Recording recording, Func<string, bool> isWanted)
    {
        Dictionary<int, (long Count, long Bytes)> expected = Told(child, told);
        Dictionary<int, (long Count, long Bytes)> actual = Held(child, recording, isWanted);
        expected.Count.ShouldBeGreaterThan(10);
        string[] differences = [.. expected.Keys.Union(actual.Keys).Order()
            .Where(line => expected.GetValueOrDefault(line) != actual.GetValueOrDefault(line))
            .Select(line => string.Create(CultureInfo.InvariantCulture, $"line {line}: {actual.GetValueOrDefault(line)} instead of {expected.GetValueOrDefault(line)}"))];
        differences.ShouldBeEmpty();
    }

    /// <summary>By line of the window: blocks and bytes.</summary>
    private static Dictionary<int, (long Count, long Bytes)> Told(PythonChild child, JsonElement lines)
    {
        var told = new Dictionary<int, (long Count, long Bytes)>();
        foreach (JsonProperty line in lines.EnumerateObject())
            told[int.Parse(line.Name, CultureInfo.InvariantCulture)] = (line.Value[0].GetInt64(), line.Value[1].GetInt64());
        return Within(child, told);
    }

    private static Dictionary<int, (long Count, long Bytes)> Held(PythonChild child, Recording recording, Func<string, bool> isWanted)
    {
        JsonElement report = recording.Report("leaks");
        report.GetProperty("metadata").GetProperty("lost").GetInt64().ShouldBe(0);
        var held = new Dictionary<int, (long Count, long Bytes)>();
        foreach (JsonElement entry in report.GetProperty("entries").EnumerateArray())
        {
            JsonElement stack = entry.GetProperty("stack");
            if (!isWanted(entry.GetProperty("allocator").GetString()!) || stack.GetArrayLength() == 0 || stack[0].GetProperty("file").GetString() != child.Script)
                continue;
            int line = stack[0].GetProperty("line").GetInt32();
            (long count, long bytes) = held.GetValueOrDefault(line);
            held[line] = (count + entry.GetProperty("count").GetInt64(), bytes + entry.GetProperty("bytes").GetInt64());
        }

        return Within(child, held);
    }

    private static Dictionary<int, (long Count, long Bytes)> Within(PythonChild child, Dictionary<int, (long Count, long Bytes)> lines)
    {
        using JsonDocument ready = child.ReadyJson();
        JsonElement window = ready.RootElement.GetProperty("window");
        return lines.Where(line => line.Key >= window[0].GetInt32() && line.Key <= window[1].GetInt32()).ToDictionary();
    }

    private static TheoryData<string> Three(Func<Interpreter, bool> isWanted)
    {
        var data = new TheoryData<string>();
        foreach (Interpreter interpreter in Interpreters.Known.Where(interpreter => interpreter.Embedded is null && interpreter.AtLeast(3, 0) && isWanted(interpreter)))
            data.Add(interpreter.Name);
        return data;
    }
}
