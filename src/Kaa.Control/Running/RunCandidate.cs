using Kaa.Formats;
using Kaa.Linux.Looking;
using Kaa.Linux.Registers;
using Kaa.Python.Running;
using Kaa.Python.Stack;
using Kaa.Results;
using Kaa.Target;

namespace Kaa.Control.Running;

/// <summary>A thread and a way for it to run the code, as far as can be seen without stopping it.</summary>
internal readonly record struct RunCandidate(RawThread Thread, ExecWay Way)
{
    public int Tid => Thread.Tid!.Value;

    /// <summary>
    /// The best first: the interpreter's own interface, then the main thread between two instructions, then a thread that waits. The main thread is preferred for what
    /// is allowed there only (signal handlers).
    /// </summary>
    public static IEnumerable<RunCandidate> Order(
        IReadOnlyList<RawThread> threads, IReadOnlyList<TargetThread> kernel, RunRequest request, RunTarget target, IMemory memory, bool isSession)
    {
        RunFacts facts = target.Facts;
        var known = new List<(RawThread Thread, TargetThread Kernel)>();
        foreach (RawThread thread in threads)
        {
            if (thread.Tid is { } tid && (request.Tid is null || request.Tid == tid) && kernel.FirstOrDefault(one => one.Tid == tid) is { } seen)
                known.Add((thread, seen));
        }

        known.Sort((left, right) => Compare(right.Thread.Main, left.Thread.Main, left.Kernel, right.Kernel));
        var found = new List<RunCandidate>();
        if (!isSession && !request.IsDebugger && IsWanted(request, ExecWay.RemoteExec) && target.SeesItsDescriptors)
            found.AddRange(known.Where(one => IsBusy(one.Thread, one.Kernel, facts, memory) && facts.TakesScripts(one.Thread, memory)).Select(one => new RunCandidate(one.Thread, ExecWay.RemoteExec)));
        if (IsWanted(request, ExecWay.PendingCall))
            found.AddRange(known.Where(one => one.Thread.Main && IsBusy(one.Thread, one.Kernel, facts, memory)).Select(one => new RunCandidate(one.Thread, ExecWay.PendingCall)));

        // While the code runs the thread takes no signals: those of the program's timers would end others' system calls, were it the main thread.
        if (target.Tasks.Status(target.Pid) is { } leader && TimerSignals.AreUsed(leader))
            known.Sort((left, right) => Compare(left.Thread.Main, right.Thread.Main, left.Kernel, right.Kernel));
        if (IsWanted(request, ExecWay.ParkedThread))
            found.AddRange(known.Where(one => one.Kernel.State == ThreadState.Sleeping).Select(one => new RunCandidate(one.Thread, ExecWay.ParkedThread)));
        return found;
    }

    /// <summary>Of others that wait those come first whose call the kernel makes again by itself: if Kaa is killed in the next moment, nothing is to be repaired.</summary>
    private static int Compare(bool leftRank, bool rightRank, TargetThread left, TargetThread right) =>
        leftRank != rightRank ? leftRank.CompareTo(rightRank) : RestartsByItself(right).CompareTo(RestartsByItself(left));

    private static bool RestartsByItself(TargetThread thread) => thread.Call is { } call && SyscallRestart.RestartsByItself(call.Number);

    private static bool IsWanted(RunRequest request, ExecWay way) => request.Way is null || request.Way == way;

    /// <summary>It runs, or will as soon as it has the GIL.</summary>
    private static bool IsBusy(RawThread thread, TargetThread kernel, RunFacts facts, IMemory memory) =>
        kernel.State == ThreadState.Running || (kernel.Call is { Number: 202 or 449 } call && facts.IsGil(thread, new Address(call.Arg0), memory));
}
