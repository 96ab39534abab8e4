using Kaa.Report.Text;
using Kaa.Results;

namespace Kaa.Tests.Unit.Report;

public sealed class StackTextTests
{
    [Fact]
    public void Everything_that_a_report_can_hold_is_printed() => Approved.ShouldBe("deadlock.txt", Print(Samples.Deadlocked()));

    [Fact]
    public void Colours_are_ANSI_and_replace_the_line_of_carets() =>
        Approved.ShouldBe("deadlock.ansi.txt", Print(Samples.Deadlocked(), colour: true));

    [Fact]
    public void Runs_of_equal_frames_and_of_cycles_are_folded()
    {
        StackFrame leaf = Samples.Frame("leaf", "/a.py", 1, "stop()");
        StackFrame[] cycle = [Samples.Frame("odd", "/a.py", 3), Samples.Frame("even", "/a.py", 6)];
        StackFrame self = Samples.Frame("again", "/a.py", 9);
        StackFrame[] frames = [leaf, .. Enumerable.Repeat(cycle, 500).SelectMany(x => x), .. Enumerable.Repeat(self, 996), self with { }];
        Approved.ShouldBe("folded.txt", Print(Samples.With(Samples.Stack(frames))));
    }

    [Fact]
    public void A_line_in_its_context_is_pointed_at()
    {
        PythonFrame frame = Samples.Frame("f", "/a.py", 10, "x = [i for i in y]") with
        {
            EndLine = 10,
            Column = 5,
            EndColumn = 20,
            Context = [new SourceLine(9, "def f(y):"), new SourceLine(10, "\tx = [é for i in y]"), new SourceLine(11, "\treturn x")],
        };
        Approved.ShouldBe("context.txt", Print(Samples.With(Samples.Stack(frame))));
    }

    [Fact]
    public void A_hostile_target_cannot_send_escapes_to_the_terminal()
    {
        const string evil = "\e]0;owned\a\e[2J\u009b31m\u202e\ud800\n";
        var report = Samples.With(new ThreadStack
        {
            Name = evil,
            Truncated = evil,
            WaitingFor = new WaitReason { Kind = WaitKind.Lock, Description = evil },
            Frames =
            [
                new PythonFrame(evil)
                {
                    QualifiedName = evil,
                    File = evil,
                    Source = evil,
                    Unreadable = evil,
                    Locals = [new LocalVariable { Name = evil, Scope = VariableScope.Local, Value = evil }],
                },
                new BuiltinFrame(evil, evil),
                new NativeFrame(evil, evil, 1),
            ],
        }) with
        {
            Target = new TargetInfo { Kind = TargetKind.Process, Pid = 1, Command = [evil] },
            Interpreter = new InterpreterInfo { Version = evil, Executable = evil, Layout = LayoutSource.Table },
        };
        string text = Print(report);
        text.Where(c => c != '\n' && (char.IsControl(c) || char.IsSurrogate(c) || c == '\u202e')).ShouldBeEmpty();
        text.ShouldContain(@"\x1b]0;owned\x07\x1b[2J\x9b31m\u202e\ud800\n");
    }

    [Fact]
    public void What_has_not_moved_since_the_round_before_is_one_line()
    {
        StackFrame[] outer = [Samples.Frame("serve", "/a.py", 5), Samples.Frame("main", "/a.py", 2)];
        ThreadStack still = Samples.Stack(outer) with { Name = "still" };
        ThreadStack moving = still with { Tid = 2, Name = "moving", Frames = [Samples.Frame("work", "/a.py", 9), .. outer] };
        ThreadStack ended = still with { Tid = 3, Name = "gone" };
        StackReport before = Samples.With(still, moving, ended);
        StackReport now = Samples.With(
            still,
            moving with { Frames = [Samples.Frame("work", "/a.py", 10), .. outer] },
            still with { Tid = 4, Name = "born" });
        Approved.ShouldBe("moved.txt", Print(now, before: before));
    }

    [Fact]
    public void Many_notes_of_a_kind_are_told_as_one()
    {
        Note[] notes = [.. Enumerable.Range(0, 12).Select(i => new Note("source-gone", $"/a{i}.py is not there", $"/a{i}.py"))];
        var text = new StringWriter();
        NoteText.Write([.. notes, new Note("torn", "thread 1 moved", "1", Incomplete: true)], new StyledWriter(text, false));
        text.ToString().ShouldBe("kaa: note: /a0.py is not there (and 11 more: source-gone)\nkaa: incomplete: thread 1 moved\n");
    }

    private static string Print(StackReport report, bool colour = false, StackReport? before = null)
    {
        var text = new StringWriter { NewLine = "\n" };
        StackText.Write(report, new StyledWriter(text, colour), before);
        return text.ToString();
    }
}
