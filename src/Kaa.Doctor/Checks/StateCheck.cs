using System.Globalization;
using Kaa.Linux.Processes;
using Kaa.Results;

namespace Kaa.Doctor.Checks;

/// <summary>States in which a process can't be stopped, does not move, or has ended.</summary>
internal sealed class StateCheck : ICheck
{
    private const int Shown = 5;

    public string Subject => "state of the process";

    public IEnumerable<Finding> Examine(Examined examined)
    {
        if (examined.Process is not { } process)
            yield break;
        if (examined.Refusal is { Code: "zombie" } zombie)
        {
            yield return Zombie(process, zombie);
            yield break;
        }

        if (examined.Refusal is { Code: "foreign-architecture" } foreign)
            yield return new Finding("foreign-architecture", Severity.Problem, foreign.Message) { Remedy = ["# " + foreign.Hint] };
        if (Frozen(process) is { } frozen)
            yield return frozen;
        List<int> stopped = [];
        List<int> stuck = [];
        foreach ((int tid, char state) in process.ThreadStates())
        {
            if (state == 'T')
                stopped.Add(tid);
            else if (state == 'D')
                stuck.Add(tid);
        }

        if (stopped.Count > 0)
            yield return Stopped(process, stopped);
        if (stuck.Count > 0)
            yield return Stuck(process, stuck);
        if (stopped.Count == 0 && stuck.Count == 0)
            yield return new Finding("state-ok", Severity.Ok, "no thread is stopped or stuck in the kernel");
    }

    private static Finding Zombie(ProcessFolder process, UserError zombie) => new("zombie", Severity.Problem, zombie.Message)
    {
        Evidence = ["status: State: Z", string.Create(CultureInfo.InvariantCulture, $"status: PPid: {process.Status.ParentPid}")],
        Remedy = ["# nothing of it is left; its parent has not waited for it:", string.Create(CultureInfo.InvariantCulture, $"kaa bt {process.Status.ParentPid}")],
    };

    private static Finding Stopped(ProcessFolder process, List<int> tids) =>
        new("stopped", Severity.Warning, "the process is stopped by a signal (SIGSTOP, SIGTSTP or the terminal): it does nothing, and stays so after a look")
        {
            Evidence = ["state T: " + Names(tids)],
            Remedy = [string.Create(CultureInfo.InvariantCulture, $"kill -CONT {process.Pid}")],
        };

    private static Finding Stuck(ProcessFolder process, List<int> tids)
    {
        var evidence = new List<string> { "state D: " + Names(tids) };
        foreach (int tid in tids.GetRange(0, Math.Min(Shown, tids.Count)))
        {
            string place = process.Text(string.Create(CultureInfo.InvariantCulture, $"task/{tid}/wchan")) ?? "";
            if (place.Length > 1)
                evidence.Add(string.Create(CultureInfo.InvariantCulture, $"thread {tid} sleeps in the kernel's {place}"));
        }

        return new Finding("uninterruptible", Severity.Warning, "threads sleep in the kernel and can't be stopped: gdb waits for them without end, Kaa reads them where they sleep")
        {
            Evidence = evidence,
            Remedy = ["# mostly a disk, NFS, or a vfork whose child has not begun; where it sleeps:", string.Create(CultureInfo.InvariantCulture, $"sudo cat /proc/{process.Pid}/task/{tids[0]}/stack")],
        };
    }

    /// <summary>What docker pause does.</summary>
    private static Finding? Frozen(ProcessFolder process) => process.Freezer() is not { } freezer ? null
        : new Finding("frozen", Severity.Warning, "the control group of the process is frozen: it does nothing, and a debugger that stops it waits without end")
        {
            Evidence = [$"{freezer.File}: {freezer.Line}"],
            Remedy = [process.Container is { } container ? $"docker unpause {container}" : freezer.Thaw],
            Subject = freezer.File,
        };

    private static string Names(List<int> tids)
    {
        string names = string.Join(", ", tids.GetRange(0, Math.Min(Shown, tids.Count)));
        return tids.Count == 1 ? "thread " + names : tids.Count <= Shown ? "threads " + names : string.Create(CultureInfo.InvariantCulture, $"{tids.Count} threads: {names}, …");
    }
}
