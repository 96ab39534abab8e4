using Kaa.Control.Leftovers;
using Kaa.Formats;
using Kaa.Linux;
using Kaa.Linux.Processes;
using Kaa.Python;
using Kaa.Results;
using Kaa.Target;

namespace Kaa.Doctor.Processes;

/// <summary>Which of all processes are Python, whatever they are called. Reads a little of each, and stops none.</summary>
public sealed class PythonProcessFinder(ProcessList processes)
{
    /// <summary>Processes that may be Python for all that is known, but may not be read.</summary>
    public int Refused { get; private set; }

    public IReadOnlyList<ProcessSummary> Find() => Find(processes.All);

    /// <param name="some">Of the list.</param>
    public IReadOnlyList<ProcessSummary> Find(IReadOnlyList<ProcessFacts> some)
    {
        var found = new List<ProcessSummary>();
        foreach (ProcessFacts process in some)
        {
            if (process.IsKernelThread || process.State == ThreadState.Zombie || process.Pid == Environment.ProcessId)
                continue;
            if (Summary(process) is { } summary)
                found.Add(summary);
        }

        return found;
    }

    private ProcessSummary? Summary(ProcessFacts process)
    {
        try
        {
            using LiveTarget target = LiveTarget.Open(process.Pid);
            return Summary(process, target);
        }
        catch (TargetFault)
        {
            // It exits, or begins another program, as we look.
            return null;
        }
        catch (UserError error)
        {
            return WithHindrance(process, error);
        }
    }

    private ProcessSummary Summary(ProcessFacts process, LiveTarget target)
    {
        // A search through all data costs a tenth of a second: only where a name promises something.
        bool isLikely = false;
        foreach (Module module in target.Modules.Modules)
            isLikely |= IsPythonName(module.Path);
        InterpreterInfo python = PythonProcess.Find(target, isLikely).Describe();
        return Describe(process) with
        {
            Version = python.Version,
            Hindrances = [.. target.Notes, .. PhaseNotes(python.Phase)],
            Leftovers = Leftovers(process.Pid, target),
        };
    }

    private List<Note> Leftovers(int pid, LiveTarget target)
    {
        var children = new List<int>();
        foreach (ProcessFacts other in processes.All)
        {
            if (other.ParentPid == pid && other.State == ThreadState.Zombie)
                children.Add(other.Pid);
        }

        var notes = new List<Note>();
        foreach (Leftover leftover in LeftoverSearch.Find(target, children))
            notes.Add(new Note(leftover.Code, leftover.Message));
        return notes;
    }

    private ProcessSummary? WithHindrance(ProcessFacts process, UserError error)
    {
        switch (error.Code)
        {
            case "not-python" or "no-such-process" or "process-exited" or "target-replaced" or "zombie":
                return null;
            case "unsupported-implementation":
                return Describe(process) with
                {
                    Implementation = error.Message.Contains("PyPy", StringComparison.Ordinal) ? "pypy" : "graalpy",
                    Hindrances = [Hindrance(error)],
                };
            case "unsupported-version":
                return Describe(process) with { Hindrances = [Hindrance(error)] };
            default:
                // It can't be opened: its names are all that is known.
                string program = process.Executable ?? (process.Command is [var first, ..] ? first : process.Name);
                if (IsPythonName(program))
                    return Describe(process) with { Hindrances = [Hindrance(error)] };
                Refused++;
                return null;
        }
    }

    private ProcessSummary Describe(ProcessFacts process) => new()
    {
        Pid = process.Pid,
        ContainerPid = process.ContainerPid,
        Container = process.Container,
        Threads = process.Threads,
        CpuPercent = process.CpuPercent,
        State = process.State,
        User = processes.UserOf(process),
        Command = process.Command,
    };

    private static bool IsPythonName(string path)
    {
        ReadOnlySpan<char> name = path.AsSpan(path.LastIndexOf('/') + 1);
        return name.Contains("python", StringComparison.OrdinalIgnoreCase) || name.Contains("pypy", StringComparison.OrdinalIgnoreCase);
    }

    private static Note Hindrance(UserError error) => new(error.Code, error.Hint is { } hint ? $"{error.Message}; {hint}" : error.Message);

    private static Note[] PhaseNotes(InterpreterPhase phase) => phase switch
    {
        InterpreterPhase.Starting => [new Note("starting", "the interpreter is starting up")],
        InterpreterPhase.Finalizing => [new Note("finalizing", "the interpreter is finalizing")],
        _ => [],
    };
}
