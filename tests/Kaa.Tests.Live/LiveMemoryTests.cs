using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Kaa.Tests.Live.Harness;

namespace Kaa.Tests.Live;

/// <summary><c>kaa mem live</c>: on a terminal a screen that leaves the terminal as it was, elsewhere lines; what it shows is what arithmetic says.</summary>
public sealed class LiveMemoryTests
{
    private const string Fixture = "allocations.py";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    [Theory]
    [MemberData(nameof(Interpreters.Plain), MemberType = typeof(Interpreters))]
    public void Lines_of_json_have_exact_sums(string interpreter)
    {
        using PythonChild child = PythonChild.Start(Interpreters.Named(interpreter), Fixture);
        using Process kaa = Program.Start(Repository.Kaa, ["mem", "live", Text(child.Pid), "--json", "--every", "0.05", "--rows", "500", "--allocators", "system"]);
        JsonElement first = Parse(kaa.StandardOutput.ReadLine());
        first.GetProperty("pid").GetInt32().ShouldBe(child.Pid);
        child.WriteLine("go");
        child.ReadUntil("done").ShouldBe("0");

        // A last line is printed at the end, when all is read.
        Program.Run("/bin/kill", ["-TERM", Text(kaa.Id)]).Exit.ShouldBe(0);
        string[] lines = kaa.StandardOutput.ReadToEnd().TrimEnd('\n').Split('\n');
        kaa.WaitForExit(Patience).ShouldBeTrue();
        kaa.ExitCode.ShouldBe(0, kaa.StandardError.ReadToEnd());
        JsonElement last = Parse(lines[^1]);
        last.GetProperty("lost").GetInt64().ShouldBe(0);
        last.GetProperty("residentBytes").GetInt64().ShouldBeGreaterThan(1 << 20);
        if (child.Ready.Length > 0)
        {
            Row(last, "bytearray without ctypes").Held.Bytes.ShouldBeInRange(1_000_000, 1_008_000);
            return;
        }

        // Beside a line's blocks are Python's own: the list, and an integer for each.
        ShouldBe(Row(last, "malloc").Held, 100, 1234);
        ShouldBe(Row(last, "calloc").Held, 50, 3000);
        ShouldBe(Row(last, "thread").Held, 30, 3333);
        Row(last, "freed").All.Bytes.ShouldBeGreaterThanOrEqualTo(1000 * 2222);
        Row(last, "freed").Held.Bytes.ShouldBeLessThan(2222);
        Row(last, "peak").All.Bytes.ShouldBeGreaterThanOrEqualTo(5 << 22);
    }

    [Theory]
    [MemberData(nameof(Interpreters.Plain), MemberType = typeof(Interpreters))]
    public void A_screen_follows_the_process_and_leaves_terminal_and_process_as_they_were(string interpreter)
    {
        using PythonChild child = PythonChild.Start(Interpreters.Named(interpreter), Fixture);
        using TerminalProgram terminal = Show(child);
        child.WriteLine("go");
        child.ReadUntil("done").ShouldBe("0");
        string screen = terminal.WaitUntil("allocations.py:" + Text(Repository.LineOf(child.Ready.Length > 0 ? "bytearray without ctypes" : "bytearray", Fixture)));
        screen.ShouldContain("held▼");
        terminal.Type("q");
        terminal.WaitForExit().ShouldBe(0);
        terminal.ShouldBeAsBefore();
        terminal.WaitUntil(" held at the end");
        Harness.Kaa.Run("detach", Text(child.Pid)).Output.ShouldContain("its agent was off already");
        child.CloseInput();
        child.WaitForExit().ShouldBe(0);
    }

    [Fact]
    public void Keys_sort_and_group_and_choose_a_thread()
    {
        using PythonChild child = PythonChild.Start(Interpreters.Any, Fixture);
        using TerminalProgram terminal = Show(child, "--allocators", "system");
        child.WriteLine("go");
        child.ReadUntil("done");
        terminal.Type("c");
        WaitForFirst(terminal, "count▼", PlaceOf("malloc"));
        terminal.Type("a");
        WaitForFirst(terminal, "allocated▼", PlaceOf("peak"));
        terminal.Type("f");
        WaitForFirst(terminal, "rate  function", "allocations.py)");
        terminal.Type("p");
        WaitForFirst(terminal, "rate  file", "allocations.py");
        terminal.Type("h");
        terminal.WaitUntil("held▼");
        terminal.Type("l");
        terminal.WaitUntil("rate  line");
        terminal.Type("t");
        terminal.WaitUntil("thread MainThread");
        terminal.Type("t");

        // The other one has ended, maybe before anybody could ask for its name; what it allocated is held.
        WaitForFirst(terminal, "rate  line", PlaceOf("thread")).ShouldStartWith("97.6 KiB ");
        terminal.WaitUntil(screen => !screen.Text.Contains(PlaceOf("malloc"), StringComparison.Ordinal));
        terminal.Type("T");
        terminal.WaitUntil(screen => !screen.Text.Contains(", thread ", StringComparison.Ordinal));
        terminal.Type("\u0003");
        terminal.WaitForExit().ShouldBe(0);
        terminal.ShouldBeAsBefore();
    }

    [Fact]
    public void A_terminal_that_changes_its_size_is_filled_anew_and_rows_that_do_not_fit_are_reached_by_arrows()
    {
        using PythonChild child = PythonChild.Start(Interpreters.Any, Fixture);
        using TerminalProgram terminal = Show(child, "--allocators", "system", "--every", "1000");
        child.WriteLine("go");
        child.ReadUntil("done");
        terminal.WaitUntil(screen =>
        {
            // The next moment is far away, but a key brings what is known by then.
            terminal.Type("l");
            return screen.Text.Contains(PlaceOf("malloc"), StringComparison.Ordinal);
        });

        terminal.Resize(80, 4);
        terminal.WaitUntil(", 1 to 2 of ").Split('\n').Length.ShouldBe(4);
        terminal.Type("\e[B");
        terminal.WaitUntil(", 2 to 3 of ");
        terminal.Type("\e[6~");
        terminal.WaitUntil(", 4 to 5 of ");
        terminal.Type("\e[A");
        terminal.WaitUntil(", 3 to 4 of ");
        terminal.Type("g");
        terminal.WaitUntil(", 1 to 2 of ");
        terminal.Resize(120, 40);
        terminal.WaitUntil("q quit");
        terminal.WaitUntil(PlaceOf("peak"));
        terminal.Type("q");
        terminal.WaitForExit().ShouldBe(0);
        terminal.ShouldBeAsBefore();
    }

    [Theory]
    [InlineData("TERM")]
    [InlineData("TERM", "TERM")]
    [InlineData("HUP")]
    public void A_signal_ends_it_in_order(params string[] signals)
    {
        using PythonChild child = PythonChild.Start(Interpreters.Any, Fixture);
        using TerminalProgram terminal = Show(child);
        foreach (string signal in signals)
            terminal.Signal(signal);
        terminal.WaitForExit().ShouldBeOneOf(signals.Length == 1 ? [0] : [0, 128 + 15]);
        terminal.ShouldBeAsBefore();
        if (signals.Length == 1)
            Harness.Kaa.Run("detach", Text(child.Pid)).Output.ShouldContain("its agent was off already");
        child.WriteLine("go");
        child.ReadUntil("done").ShouldBe("0");
    }

    [Fact]
    public void A_window_that_is_closed_ends_it_in_order()
    {
        using PythonChild child = PythonChild.Start(Interpreters.Any, Fixture);
        using TerminalProgram terminal = Show(child);
        terminal.HangUp();
        terminal.WaitForExit();
        Harness.Kaa.Run("detach", Text(child.Pid)).Output.ShouldContain("its agent was off already");
        child.WriteLine("go");
        child.ReadUntil("done").ShouldBe("0");
    }

    [Fact]
    public void It_ends_with_the_process()
    {
        using PythonChild child = PythonChild.Start(Interpreters.Any, Fixture);
        using TerminalProgram terminal = Show(child);
        child.WriteLine("go");
        child.ReadUntil("done");
        child.CloseInput();
        child.WaitForExit().ShouldBe(0);
        terminal.WaitForExit().ShouldBe(0);
        terminal.ShouldBeAsBefore();
        terminal.WaitUntil(" held at the end");
    }

    [Fact]
    public void Killed_it_leaves_a_process_that_works_and_that_the_next_one_can_have()
    {
        using PythonChild child = PythonChild.Start(Interpreters.Any, Fixture);
        using (TerminalProgram terminal = Show(child))
        {
            terminal.Signal("KILL");
            terminal.WaitForExit().ShouldBe(128 + 9);
        }

        using (TerminalProgram again = Show(child))
        {
            child.WriteLine("go");
            child.ReadUntil("done").ShouldBe("0");
            again.WaitUntil("allocations.py:");
            again.Type("q");
            again.WaitForExit().ShouldBe(0);
        }

        child.CloseInput();
        child.WaitForExit().ShouldBe(0);
    }

    [Fact]
    public void Two_recordings_are_told_of_each_other_and_another_terminal_ends_it()
    {
        using PythonChild child = PythonChild.Start(Interpreters.Any, Fixture);
        using TerminalProgram terminal = Show(child);
        KaaResult second = Harness.Kaa.Run("mem", "live", Text(child.Pid));
        second.Exit.ShouldBe(1);
        second.Error.ShouldContain("another Kaa");
        string path = Path.Combine(Path.GetTempPath(), "kaa-refused-" + Guid.NewGuid().ToString("N"));
        KaaResult attach = Harness.Kaa.Run("mem", "attach", Text(child.Pid), "-o", path);
        File.Delete(path);
        attach.Exit.ShouldBe(1);
        attach.Error.ShouldContain("another Kaa");
        using (var refused = new TerminalProgram(Repository.Kaa, ["mem", "live", Text(child.Pid)]))
        {
            refused.WaitForExit().ShouldBe(1);
            refused.WaitUntil("another Kaa");
            refused.ShouldBeAsBefore();
        }

        Harness.Kaa.Run("mem", "detach", Text(child.Pid)).Exit.ShouldBe(0);
        terminal.WaitForExit().ShouldBe(0);
        terminal.ShouldBeAsBefore();
    }

    [Fact]
    public void A_terminal_without_a_cursor_and_a_pipe_get_tables()
    {
        using PythonChild child = PythonChild.Start(Interpreters.Any, Fixture);
        child.WriteLine("go");
        child.ReadUntil("done");
        string[] arguments = ["mem", "live", Text(child.Pid), "--every", "0.05", "--count", "2"];
        using (var dumb = new TerminalProgram(Repository.Kaa, arguments, environment: "TERM=dumb"))
        {
            dumb.WaitForExit().ShouldBe(0);
            dumb.ShouldBeAsBefore();
            dumb.WaitUntil(screen => screen.Main.Split(": held ").Length == 3);
        }

        KaaResult piped = Harness.Kaa.Run(arguments);
        piped.Exit.ShouldBe(0, piped.Error);
        piped.Output.Split(": held ").Length.ShouldBe(3);
        piped.Output.ShouldNotContain("\e");
    }

    [Fact]
    public void A_reader_that_goes_away_ends_it_and_the_process_is_as_before()
    {
        using PythonChild child = PythonChild.Start(Interpreters.Any, Fixture);
        ProgramResult piped = Program.Run("/bin/sh", ["-c", $"{Repository.Kaa} mem live {child.Pid} --every 0.05 | head -n 1"]);
        piped.Output.ShouldStartWith("process " + Text(child.Pid));
        Harness.Kaa.Run("detach", Text(child.Pid)).Output.ShouldContain("its agent was off already");
        child.WriteLine("go");
        child.ReadUntil("done").ShouldBe("0");
    }

    /// <summary>Returns when the screen is there.</summary>
    private static TerminalProgram Show(PythonChild child, params string[] options)
    {
        string[] every = options.Contains("--every") ? [] : ["--every", "0.05"];
        var terminal = new TerminalProgram(Repository.Kaa, ["mem", "live", Text(child.Pid), .. every, .. options]);
        try
        {
            terminal.WaitUntil(screen => screen.IsAlternate && screen.Text.Contains("resident", StringComparison.Ordinal));
            return terminal;
        }
        catch
        {
            terminal.Dispose();
            throw;
        }
    }

    /// <summary>Of the table, below its heading.</summary>
    private static string[] Rows(string screen) => [.. screen.Split('\n').SkipWhile(line => !line.Contains('▼', StringComparison.Ordinal)).Skip(1)];

    /// <summary>Until there is such a heading, and the first row ends so; gives that row.</summary>
    private static string WaitForFirst(TerminalProgram terminal, string heading, string end) =>
        Rows(terminal.WaitUntil(screen => screen.Text.Contains(heading, StringComparison.Ordinal) && Rows(screen.Text) is [string first, ..] && first.EndsWith(end, StringComparison.Ordinal)))[0].TrimStart();

    private static string PlaceOf(string mark) => $"/{Fixture}:{Repository.LineOf(mark, Fixture)})";

    private static JsonElement Parse(string? line) => JsonDocument.Parse(line.ShouldNotBeNull()).RootElement;

    private static void ShouldBe((long Count, long Bytes) found, long count, long each)
    {
        found.Count.ShouldBeInRange(count, count * 3 + 10);
        found.Bytes.ShouldBeInRange(count * each, count * (each + 64) + 4096);
    }

    private static ((long Count, long Bytes) Held, (long Count, long Bytes) All) Row(JsonElement table, string mark)
    {
        int line = Repository.LineOf(mark, Fixture);
        foreach (JsonElement row in table.GetProperty("rows").EnumerateArray())
        {
            if (row.GetProperty("file").GetString()?.EndsWith(Fixture, StringComparison.Ordinal) == true && row.GetProperty("line").ToString() == Text(line))
            {
                return ((row.GetProperty("heldCount").GetInt64(), row.GetProperty("heldBytes").GetInt64()),
                    (row.GetProperty("allocatedCount").GetInt64(), row.GetProperty("allocatedBytes").GetInt64()));
            }
        }

        return default;
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
