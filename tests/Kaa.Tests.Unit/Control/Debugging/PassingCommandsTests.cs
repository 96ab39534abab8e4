using Kaa.Control.Debugging.Commands;
using Kaa.Control.Debugging.Execution;
using Kaa.Control.Debugging.Words;

namespace Kaa.Tests.Unit.Control.Debugging;

/// <summary>Which breakpoints need no stop.</summary>
public sealed class PassingCommandsTests
{
    private readonly CommandTable _table = new();

    public PassingCommandsTests()
    {
        ReadingWords.AddTo(_table);
        foreach (string name in (string[])["continue", "finish", "delete", "call"])
            _table.Add(new SimpleCommand(name, "as of a session that runs something", (_, _) => { }) { Also = name == "continue" ? ["c"] : [] });
    }

    [Theory]
    [InlineData("silent;py-bt;continue", true, CommandReach.Thread)]
    [InlineData("py-bt;bt 3;c", false, CommandReach.Thread)]
    [InlineData("# a remark;;info registers;echo x;up;cont", false, CommandReach.Thread)]
    [InlineData("continue;finish", false, CommandReach.Thread)]
    [InlineData("silent;bt full;continue", true, CommandReach.Memory)]
    [InlineData("silent;py-bt;p (char *) $rdi;set $n = $n + 1;continue", true, CommandReach.Memory)]
    public void Commands_that_only_look(string lines, bool isSilent, CommandReach reach)
    {
        PassingCommands commands = PassingCommands.Of(lines.Split(';'), _table).ShouldNotBeNull();
        commands.IsSilent.ShouldBe(isSilent);
        commands.Reach.ShouldBe(reach);
    }

    [Theory]
    [InlineData("")]
    [InlineData("silent;py-bt")]
    [InlineData("py-bt;continue 3")]
    [InlineData("finish;continue")]
    [InlineData("call getpid();continue")]
    [InlineData("delete;continue")]
    [InlineData("info threads;continue")]
    [InlineData("thread apply all bt;continue")]
    [InlineData("generate-core-file;continue")]
    [InlineData("py-bt;no-such-word;continue")]
    public void Commands_that_need_a_stop(string lines) => PassingCommands.Of(lines.Split(';'), _table).ShouldBeNull();
}
