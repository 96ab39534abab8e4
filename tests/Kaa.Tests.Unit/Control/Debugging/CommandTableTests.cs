using Kaa.Control.Debugging.Commands;
using Kaa.Control.Debugging.Words;
using Kaa.Results;

namespace Kaa.Tests.Unit.Control.Debugging;

/// <summary>Words are cut short as gdb's users cut them.</summary>
public sealed class CommandTableTests
{
    private readonly CommandTable _table = new();

    public CommandTableTests() => ReadingWords.AddTo(_table);

    [Theory]
    [InlineData("bt", "backtrace", "")]
    [InlineData("bt -3", "backtrace", "-3")]
    [InlineData("where full", "backtrace", "full")]
    [InlineData("back", "backtrace", "")]
    [InlineData("i th", "info threads", "")]
    [InlineData("info thr", "info threads", "")]
    [InlineData("i r rip", "info registers", "rip")]
    [InlineData("info sh", "info sharedlibrary", "")]
    [InlineData("info sharedlibrary", "info sharedlibrary", "")]
    [InlineData("info proc mappings", "info proc mappings", "")]
    [InlineData("info proc map", "info proc mappings", "")]
    [InlineData("i s", "backtrace", "")]
    [InlineData("info symbol 0x1000", "info symbol", "0x1000")]
    [InlineData("thread", "thread", "")]
    [InlineData("t 2", "thread", "2")]
    [InlineData("thread 2", "thread", "2")]
    [InlineData("thread apply all bt", "thread apply", "all bt")]
    [InlineData("thr ap all py-bt", "thread apply", "all py-bt")]
    [InlineData("thread name x", "thread name", "x")]
    [InlineData("p/x $rip", "print", "/x $rip")]
    [InlineData("p 1+1", "print", "1+1")]
    [InlineData("print -5", "print", "-5")]
    [InlineData("x/4i $pc", "x", "/4i $pc")]
    [InlineData("disas /r", "disassemble", "/r")]
    [InlineData("f 3", "frame", "3")]
    [InlineData("frame 3", "frame", "3")]
    [InlineData("py-bt", "py-bt", "")]
    [InlineData("py-bt-full", "py-bt-full", "")]
    [InlineData("py-bt-f", "py-bt-full", "")]
    [InlineData("py-print x.y", "py-print", "x.y")]
    [InlineData("py-li 3,5", "py-list", "3,5")]
    [InlineData("q", "quit", "")]
    [InlineData("set var $x = 1", "set variable", "$x = 1")]
    [InlineData("set $x = 1", "set", "$x = 1")]
    [InlineData("set pagination off", "set", "pagination off")]
    [InlineData("core x", "core-file", "x")]
    public void A_line_finds_its_word(string line, string name, string argument)
    {
        _table.Find(line, out string rest).Name.ShouldBe(name);
        rest.ShouldBe(argument);
    }

    [Theory]
    [InlineData("py", "python")]
    [InlineData("py-", "Ambiguous command \"py-\": py-bt, py-bt-full, py-down, py-list, py-locals, py-print, py-up.")]
    [InlineData("info a", "Ambiguous info command \"a\": address, all-registers, args, auto-load.")]
    [InlineData("nonsense", "Undefined command: \"nonsense\".  Try \"help\".")]
    [InlineData("info nonsense", "Undefined info command: \"nonsense\".  Try \"help info\".")]
    [InlineData("info", "\"info\" must be followed by the name of a command")]
    public void A_line_that_finds_none_says_so(string line, string expected)
    {
        if (expected == "python")
            _table.Find(line, out _).Name.ShouldBe("python");
        else
            Should.Throw<UserError>(() => _table.Find(line, out _)).Message.ShouldStartWith(expected);
    }

    [Theory]
    [InlineData("py-btt", "py-bt")]
    [InlineData("bactrace", "backtrace")]
    [InlineData("dissasemble", "disassemble")]
    [InlineData("info thraeds", "info threads")]
    public void A_mistyped_word_is_answered_with_the_nearest(string line, string nearest) =>
        Should.Throw<UserError>(() => _table.Find(line, out _)).Hint.ShouldBe($"did you mean {nearest}?");

    [Theory]
    [InlineData("py-l", 0, "py-list,py-locals")]
    [InlineData("info sy", 5, "symbol")]
    [InlineData("i th", 2, "threads")]
    [InlineData("thread ", 7, "apply,find,name")]
    [InlineData("nonsense ", 0, "")]
    public void Tab_offers_what_goes_on(string line, int start, string expected)
    {
        IReadOnlyList<string> words = _table.Complete(line, out int from);
        string.Join(',', words).ShouldBe(expected);
        if (words.Count > 0)
            from.ShouldBe(start);
    }

    [Fact]
    public void Every_word_tells_what_it_does()
    {
        foreach (DebugCommand command in _table.Commands)
        {
            command.Summary.Length.ShouldBeGreaterThan(5, command.Name);
            command.Summary.ShouldNotEndWith(".", customMessage: command.Name);
            _table.Find(command.Name, out _).ShouldBe(command);
        }
    }
}
