using Kaa.Control.Conditions;
using Kaa.Control.Tracing;
using Kaa.Results;

namespace Kaa.Tests.Unit.Control.Tracing;

public sealed class TraceProgressTests
{
    [Fact]
    public void It_is_over_after_as_many_hits_as_were_asked_for()
    {
        (TraceProgress progress, Told told) = Begin(new TraceRequest { Count = 2 });
        for (int i = 0; i < 3; i++)
            progress.Tell(Hit());
        progress.IsOver.ShouldBeTrue();
        progress.Hits.ShouldBe(2);
        told.Count.ShouldBe(2);
    }

    [Fact]
    public void Without_a_number_it_goes_on_until_it_is_closed()
    {
        (TraceProgress progress, Told told) = Begin(new TraceRequest());
        progress.Tell(Hit());
        progress.IsOver.ShouldBeFalse();
        progress.Close();
        progress.Tell(Hit());
        progress.Hits.ShouldBe(1);
        told.Count.ShouldBe(1);
    }

    [Fact]
    public void What_can_not_be_told_is_counted_with_the_first_reason()
    {
        (TraceProgress progress, _) = Begin(new TraceRequest { When = ConditionParser.Parse("str(arg0) == \"x\"") });
        progress.Undecided.ShouldBeNull();
        progress.Holds(At(0x1000)).ShouldBeFalse();
        progress.Undecided!.Message.ShouldBe("of 1 call it could not be told whether the condition holds (there is no text at 0x1000); it is not shown");
        progress.Holds(At(0x2000)).ShouldBeFalse();
        progress.Undecided!.Message.ShouldBe("of 2 calls it could not be told whether the condition holds (there is no text at 0x1000); they are not shown");
    }

    [Fact]
    public void A_condition_on_the_result_is_asked_at_the_end_of_a_call()
    {
        Begin(new TraceRequest { When = ConditionParser.Parse("result < 0") }).Progress.AsksForResult.ShouldBeTrue();
        Begin(new TraceRequest { When = ConditionParser.Parse("arg0 < 0") }).Progress.AsksForResult.ShouldBeFalse();
    }

    [Fact]
    public void A_note_is_kept_once()
    {
        (TraceProgress progress, _) = Begin(new TraceRequest());
        progress.Note(new Note("code", "of a process", null));
        progress.Note(new Note("code", "of a process", "its child"));
        progress.Notes.ShouldHaveSingleItem();
    }

    private static (TraceProgress Progress, Told Told) Begin(TraceRequest request)
    {
        var told = new Told();
        return (new TraceProgress(request, told), told);
    }

    private static HitContext At(ulong argument)
    {
        var context = new HitContext { Memory = new FakeMemory() };
        context.Begin([argument, 0, 0, 0, 0, 0], 0, 0, () => TraceStack.Empty);
        return context;
    }

    private static TraceEvent Hit() => new()
    {
        Seconds = 0,
        Pid = 1,
        Tid = 1,
        Kind = TraceEventKind.Call,
        Name = "f",
        Arguments = [],
        Stack = TraceStack.Empty,
    };

    private sealed class Told : ITraceSink
    {
        public int Count { get; private set; }

        public void Add(TraceEvent hit) => Count++;
    }
}
