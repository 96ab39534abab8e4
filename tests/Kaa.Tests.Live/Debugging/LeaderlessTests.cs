using System.Globalization;
using Kaa.Tests.Live.Harness;

namespace Kaa.Tests.Live.Debugging;

/// <summary>A process whose first thread has ended while others go on: what is written into it goes by one that has memory.</summary>
public sealed class LeaderlessTests
{
    [Theory]
    [MemberData(nameof(Interpreters.Plain), MemberType = typeof(Interpreters))]
    public void A_breakpoint_stops_it_and_functions_can_be_called(string interpreter)
    {
        using PythonChild child = PythonChild.Start(Interpreters.Named(interpreter), "leaderless.py");
        if (child.Ready == "none")
            return;
        System.Threading.SpinWait.SpinUntil(() => File.ReadAllText($"/proc/{child.Pid}/stat").Contains(") Z ", StringComparison.Ordinal), TimeSpan.FromMinutes(1)).ShouldBeTrue();
        Dictionary<string, string> answers = Session.Ask(child, "break getppid", "continue", "py-bt", "call (int) getpid()");
        answers["continue"].ShouldContain("Breakpoint 1, ");
        answers["py-bt"].ShouldContain("in work");
        answers["call (int) getpid()"].ShouldEndWith(" = " + child.Pid.ToString(CultureInfo.InvariantCulture));
    }
}
