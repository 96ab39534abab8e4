using System.Buffers.Text;
using Kaa.Formats.ProcText;

namespace Kaa.Linux.Proc;

/// <summary>
/// How often a thread was given a processor, or gave one up. Equal counts before and after a read prove that the thread did not run
/// in between, if it was seen off its processor in that time; <see cref="FromSchedStat"/> says for which source what must be checked.
/// </summary>
/// <param name="FromSchedStat">
/// True: third number of <c>/proc/TID/schedstat</c> (sched_info.pcount), which counts up <em>before</em> a thread runs
/// (sched_info_arrive, kernel/sched/stats.h). So [count, /proc/TID/syscall shows it off its processor, read, same count] proves that it
/// slept from that sight to the end: to run again it must have been switched in, and that counts. The kernel writes pcount before the
/// thread's own writes; x86 keeps the order of stores and of our loads. The count is 0 throughout where the kernel keeps none.
/// False: <c>voluntary_ctxt_switches</c> and <c>nonvoluntary_ctxt_switches</c>, which count up when a thread <em>leaves</em> its processor
/// (__schedule, kernel/sched/core.c). A thread that woke and still runs shows nothing yet; so it must be seen off its processor a second time,
/// before the second count.
/// In both cases /proc/TID/syscall is the sight: it waits until the thread is off its processor (wait_task_inactive) or says "running".
/// </param>
public readonly record struct RunCount(bool FromSchedStat, ulong First, ulong Second)
{
    /// <summary>Null where the kernel does not count, or the text is not one.</summary>
    public static RunCount? ParseSchedStat(ReadOnlySpan<byte> text)
    {
        // Time on a processor in ns, time waiting for one in ns, times that it was given one.
        int space = text.IndexOf((byte)' ');
        int second = space < 0 ? -1 : text[(space + 1)..].IndexOf((byte)' ');
        if (second < 0 || !Utf8Parser.TryParse(text, out ulong time, out _))
            return null;
        bool parsed = Utf8Parser.TryParse(text[(space + second + 2)..], out ulong count, out _);
        return parsed && count > 0 ? new RunCount(true, count, time) : null;
    }

    public static RunCount? ParseStatus(ReadOnlySpan<byte> text) =>
        StatusParser.ContextSwitches(text) is { } switches ? new RunCount(false, switches.Voluntary, switches.Involuntary) : null;
}
