using Kaa.Recording.Analysis;
using Kaa.Recording.Memory;

namespace Kaa.Tests.Unit.Recording;

public sealed class DifferenceTests
{
    /// <summary>Numbers of stacks and threads differ between two recordings: lines are the same by what they are called.</summary>
    [Fact]
    public void Lines_are_compared_by_what_they_are_called()
    {
        MemoryView before = View(("a", 10, 100), ("b", 20, 500), ("same", 30, 70));
        MemoryView after = View(("new", 5, 40), ("same", 30, 70), ("b", 20, 200), ("a", 10, 100), ("a", 10, 900));
        List<DifferenceRow> rows = Difference.By(before, after, GroupKind.Line);
        rows.Select(row => (row.Frame.Function, row.GrownBytes, row.GrownCount)).ShouldBe([("a", 900, 1), ("new", 40, 1), ("b", -300, 0)]);
        rows[0].Before.ShouldBe(new Sum(1, 100, 0));
        rows[0].After.ShouldBe(new Sum(2, 1000, 0));
        rows[1].Before.ShouldBe(default);
    }

    [Fact]
    public void A_recording_does_not_differ_from_itself()
    {
        MemoryView view = View(("a", 10, 100), ("b", 20, 500));
        Difference.By(view, view, GroupKind.Function).ShouldBeEmpty();
        Difference.By(view, view, GroupKind.Thread).ShouldBeEmpty();
    }

    private static MemoryView View(params (string Function, int Line, int Bytes)[] held)
    {
        var file = new MemoryStream();
        var writer = new RecordingWriter(file, new RecordingFacts());
        int thread = writer.Thread(new RecordedThread(held.Length, "MainThread"));
        var recorder = new AllocationRecorder(writer.Events, null);
        ulong address = 0x1000;
        foreach ((string function, int line, int bytes) in held)
        {
            int stack = writer.Stack(0, writer.Frame(new RecordedFrame(RecordedFrameKind.Python, function, "/app/x.py", line, null)));
            recorder.Allocated(address += 0x1000, bytes, new AllocationSite(stack, thread, AllocatorKind.Malloc));
        }

        recorder.Settle();
        writer.End(1, "exited");
        return new MemoryView(AllocationAnalysis.Of(new RecordingReader(file), new AnalysisRequest()), MemoryViewKind.Leaks);
    }
}
