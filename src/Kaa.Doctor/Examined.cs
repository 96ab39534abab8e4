using Kaa.Linux;
using Kaa.Linux.Proc;
using Kaa.Linux.Processes;
using Kaa.Python;
using Kaa.Results;
using Kaa.Target;
using Kaa.Target.Cores;

namespace Kaa.Doctor;

/// <summary>What the checks look at: the machine alone, a process, or a core. Stops nothing, changes nothing.</summary>
public sealed class Examined : IDisposable
{
    private Examined(ProcRoot proc) => Proc = proc;

    public ProcRoot Proc { get; }

    /// <summary>As seen from here; null for a core, and without a target.</summary>
    public int? Pid { get; private init; }

    /// <summary>What /proc says of the process; null where there is none.</summary>
    public ProcessFolder? Process { get; private init; }

    /// <summary>Null where there is none, or where it can't be opened.</summary>
    public ObservedTarget? Target { get; private set; }

    /// <summary>Why <see cref="Target"/> can't be opened.</summary>
    public UserError? Refusal { get; private set; }

    /// <summary>Null where no interpreter could be read.</summary>
    public PythonProcess? Python { get; private set; }

    /// <summary>Why <see cref="Python"/> is null although the target is open.</summary>
    public UserError? NoPython { get; private set; }

    /// <summary>As <see cref="PythonProcess.Describe"/> gives it.</summary>
    public InterpreterInfo? Interpreter { get; private set; }

    public static Examined Host() => Host(ProcRoot.System);

    public static Examined Host(ProcRoot proc) => new(proc);

    /// <exception cref="UserError">no-such-process, kernel-thread, no-proc.</exception>
    public static Examined OfProcess(int pid) => OfProcess(pid, ProcRoot.System);

    public static Examined OfProcess(int pid, ProcRoot proc)
    {
        var examined = new Examined(proc) { Pid = pid, Process = ProcessFolder.Require(proc, pid) };
        try
        {
            examined.Target = LiveTarget.Open(pid, proc);
        }
        catch (UserError refusal) when (refusal.Code is not ("process-exited" or "no-such-process"))
        {
            examined.Refusal = refusal;
        }

        examined.FindPython();
        return examined;
    }

    /// <summary>A process that can't be opened, for a reason that the caller knows already.</summary>
    internal static Examined OfRefused(int pid, ProcRoot proc, UserError refusal) =>
        new(proc) { Pid = pid, Process = ProcessFolder.Require(proc, pid), Refusal = refusal };

    /// <exception cref="UserError">As <see cref="CoreTarget.Open"/>.</exception>
    public static Examined OfCore(string path, CoreOptions options)
    {
        var examined = new Examined(ProcRoot.System) { Target = CoreTarget.Open(path, options) };
        examined.FindPython();
        return examined;
    }

    public void Dispose()
    {
        Target?.Dispose();
        Process?.Dispose();
    }

    private void FindPython()
    {
        if (Target is null)
            return;
        try
        {
            Python = PythonProcess.Find(Target);
            Interpreter = Python.Describe();
        }
        catch (UserError error)
        {
            NoPython = error;
        }
    }
}
