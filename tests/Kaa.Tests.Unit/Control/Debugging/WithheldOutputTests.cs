using Kaa.Control.Debugging;
using Kaa.Control.Debugging.Execution;

namespace Kaa.Tests.Unit.Control.Debugging;

/// <summary>A word that turns out to need a stop is done anew: what it had written must not be seen twice.</summary>
public sealed class WithheldOutputTests
{
    private readonly WithheldOutput _withheld = new();
    private readonly Written _written = new();

    [Fact]
    public void All_is_given_in_its_order_with_its_tone()
    {
        _withheld.Write("a", SessionTone.Path);
        _withheld.WriteError("b");
        _withheld.Write("c");
        _written.Lines.ShouldBeEmpty();
        _withheld.GiveTo(_written);
        _written.Lines.ShouldBe(["Path a", "error b", "Plain c"]);
        _withheld.GiveTo(_written);
        _written.Lines.Count.ShouldBe(3);
    }

    [Fact]
    public void What_is_cleared_is_not_given()
    {
        _withheld.Write("half ");
        _withheld.Clear();
        _withheld.GiveTo(_written);
        _written.Lines.ShouldBeEmpty();
    }

    private sealed class Written : ISessionOutput
    {
        public List<string> Lines { get; } = [];

        public void Write(string text, SessionTone tone = SessionTone.Plain) => Lines.Add($"{tone} {text}");

        public void WriteError(string line) => Lines.Add("error " + line);

        public void Flush()
        {
        }
    }
}
