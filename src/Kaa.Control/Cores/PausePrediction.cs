using Kaa.Formats.ProcText;

namespace Kaa.Control.Cores;

/// <summary>
/// How long a process will stand still. A fork copies the page tables of private memory that the process has written: measured 19 to 43 ms a GiB with pages of
/// 4 KiB, 1 to 2 with pages of 2 MiB, on a virtual machine. The figures here are at the upper end.
/// </summary>
internal static class PausePrediction
{
    private const double PagesOfGiB = 1 << 18;
    private const double ForkMicrosecondsAPage = 40_000 / PagesOfGiB;
    private const double ForkMicrosecondsAHugePage = 2_500 / 512.0;
    private const double ForkMicrosecondsARange = 8;
    private const double MicrosecondsAThread = 25;
    private const double Base = 2_500;

    // Threads come to their stop, and the one that forks goes on, only when they get a processor. Measured with 20 to 60 runnable threads on two processors: 0.8
    // to 5.5 ms in 21 of 24 pauses of a small process, against 1 to 1.5 on a quiet machine; the others 12 to 51 ms, which nothing foretells.
    private const double MicrosecondsACompetitor = 200;
    private const double MostForCompetitors = 20_000;

    // Measured: process_vm_readv 105 to 146 ms a GiB, and as much again to write it to the page cache.
    private const double CopyMicrosecondsAByte = 130_000.0 / (1 << 30);
    private const double WriteMicrosecondsAByte = 600_000.0 / (1 << 30);

    /// <summary>In microseconds, as all here.</summary>
    /// <param name="runnable">Threads of the machine that run or wait for a processor.</param>
    public static long Snapshot(IReadOnlyList<RangeUsage> ranges, int threads, int runnable, int processors)
    {
        double competitors = Math.Max(0, runnable / (double)processors - 1);
        double time = Base + threads * MicrosecondsAThread + Math.Min(MostForCompetitors, competitors * MicrosecondsACompetitor);
        foreach (RangeUsage range in ranges)
        {
            time += ForkMicrosecondsARange;
            bool isCopied = range.Is(RangeMarks.DontFork | RangeMarks.WipeOnFork);
            ulong small = range.Anonymous - Math.Min(range.AnonymousHuge, range.Anonymous) + range.Swapped;
            time += isCopied
                ? (range.Resident + range.Swapped) * CopyMicrosecondsAByte
                : small / 4096.0 * ForkMicrosecondsAPage + range.AnonymousHuge / (double)(2 << 20) * ForkMicrosecondsAHugePage;
        }

        return (long)time;
    }

    /// <param name="bytes">That will be written.</param>
    public static long Plain(ulong bytes, int threads) => (long)(Base + threads * MicrosecondsAThread + bytes * (CopyMicrosecondsAByte + WriteMicrosecondsAByte));
}
