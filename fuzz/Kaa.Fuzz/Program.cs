using System.Diagnostics;
using System.Globalization;
using System.Threading;
using Kaa.Formats;
using Kaa.Results;

namespace Kaa.Fuzz;

/// <summary>
/// Gives damaged input to parsers, always the same for the same seeds, and watches for what is neither an answer nor a typed error, for what takes
/// too long and for what takes too much memory. fuzz/run starts it.
/// </summary>
internal static class Program
{
    /// <summary>Processor time of one case.</summary>
    private const double MostSeconds = 5;

    private static long s_case = -1;
    private static long s_begun;

    private static int Main(string[] arguments)
    {
        if (arguments.Length < 3)
        {
            Console.Error.WriteLine("usage: Kaa.Fuzz FAMILY CORPUS SECONDS [FIRST-SEED [CASES]]");
            return 2;
        }

        double seconds = double.Parse(arguments[2], CultureInfo.InvariantCulture);
        long first = arguments.Length > 3 ? long.Parse(arguments[3], CultureInfo.InvariantCulture) : 0;
        long cases = arguments.Length > 4 ? long.Parse(arguments[4], CultureInfo.InvariantCulture) : long.MaxValue;
        using Family family = Families.Open(arguments[0], arguments[1]);
        Watch(family);
        return Run(family, seconds, first, cases);
    }

    private static int Run(Family family, double seconds, long first, long cases)
    {
        long refused = 0;
        long accepted = 0;
        long findings = 0;
        double longest = 0;
        long largest = 0;
        long start = Stopwatch.GetTimestamp();
        long seed = first;
        for (; seed - first < cases && Stopwatch.GetElapsedTime(start).TotalSeconds < seconds; seed++)
        {
            Volatile.Write(ref s_case, seed);
            double begun = ProcessorSeconds();
            Volatile.Write(ref s_begun, Stopwatch.GetTimestamp());
            long before = GC.GetAllocatedBytesForCurrentThread();
            string? finding = null;
            try
            {
                family.Run(new Random(unchecked((int)(seed * 2_654_435_761))));
                accepted++;
            }
            catch (Exception exception) when (exception is BadData or TargetFault or UserError)
            {
                refused++;
            }
            catch (Exception exception)
            {
                finding = exception.ToString();
            }

            Volatile.Write(ref s_begun, 0);
            double taken = ProcessorSeconds() - begun;
            long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            (longest, largest) = (Math.Max(longest, taken), Math.Max(largest, allocated));
            if (taken > MostSeconds)
                finding ??= string.Create(CultureInfo.InvariantCulture, $"took {taken:0.0} s");
            if (allocated > family.AllowedBytes)
                finding ??= string.Create(CultureInfo.InvariantCulture, $"allocated {allocated >> 20} MiB");
            if (finding is null)
                continue;
            Console.WriteLine($"FINDING {family.Name} seed {seed}: {family.Describe()}\n{finding}\n");
            findings++;
        }

        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{family.Name}: {seed - first} cases from seed {first}, {accepted} read, {refused} refused, {findings} findings, "
            + $"longest {longest * 1000:0} ms, largest {largest / 1048576.0:0.0} MiB, {Stopwatch.GetElapsedTime(start).TotalSeconds:0} s"));
        return findings == 0 ? 0 : 1;
    }

    /// <summary>A case that does not end at all is told too; the machine may be slow, so it is given long.</summary>
    private static void Watch(Family family)
    {
        var watcher = new Thread(() =>
        {
            while (true)
            {
                Thread.Sleep(1_000);
                long begun = Volatile.Read(ref s_begun);
                if (begun == 0 || Stopwatch.GetElapsedTime(begun).TotalSeconds < 60 * MostSeconds)
                    continue;
                Console.WriteLine($"FINDING {family.Name} seed {Volatile.Read(ref s_case)}: it does not end");
                Environment.Exit(3);
            }
        })
        { IsBackground = true };
        watcher.Start();
    }

    private static double ProcessorSeconds()
    {
        using Process self = Process.GetCurrentProcess();
        return self.TotalProcessorTime.TotalSeconds;
    }
}
