using Kaa.Control.Cores;
using Kaa.Formats;
using Kaa.Formats.ProcText;

namespace Kaa.Tests.Unit.Control;

public sealed class PausePredictionTests
{
    private const long Gibibyte = 1L << 30;

    [Fact]
    public void Small_pages_take_longer_than_large_ones_and_both_grow_with_their_number()
    {
        long small = Predict(Range(Gibibyte, 0));
        long large = Predict(Range(Gibibyte, Gibibyte));
        small.ShouldBeInRange(30_000, 50_000);
        large.ShouldBeInRange(3_000, 6_000);
        Predict(Range(4 * Gibibyte, 0)).ShouldBeInRange(3 * small, 4 * small);
    }

    [Fact]
    public void Others_that_want_a_processor_make_it_longer_up_to_a_limit()
    {
        long quiet = Predict(Range(1 << 20, 0));
        Predict(Range(1 << 20, 0), runnable: 2).ShouldBe(quiet);
        long busy = Predict(Range(1 << 20, 0), runnable: 50);
        busy.ShouldBeInRange(quiet + 4_000, quiet + 6_000);
        Predict(Range(1 << 20, 0), runnable: 100_000).ShouldBeLessThan(quiet + 30_000);
    }

    [Theory]
    [InlineData("29.69 27.01 21.00 58/488 12345\n", 58)]
    [InlineData("0.00 0.01 0.05 1/120 9", 1)]
    [InlineData("0.00 0.01 0.05", null)]
    [InlineData("0.00 0.01 0.05 x/120 9", null)]
    [InlineData("", null)]
    public void Threads_that_want_a_processor_are_the_fourth_field_of_loadavg(string text, int? runnable) =>
        LoadText.Runnable(System.Text.Encoding.ASCII.GetBytes(text)).ShouldBe(runnable);

    private static long Predict(RangeUsage range, int runnable = 1) => PausePrediction.Snapshot([range], 1, runnable, 2);

    private static RangeUsage Range(long anonymous, long huge) =>
        new(new Mapping(new Address(0x10000), new Address(0x10000 + 8 * (ulong)Gibibyte), MappingAccess.Read | MappingAccess.Write, 0, 0, 0, "", false), (ulong)anonymous, (ulong)anonymous, (ulong)huge, 0, RangeMarks.None);
}
