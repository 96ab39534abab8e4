using Kaa.Formats;
using Kaa.Linux.Calls;
using Kaa.Linux.Looking;
using Kaa.Linux.Registers;
using Kaa.Python.Running;
using Kaa.Python.Stack;
using Kaa.Results;

namespace Kaa.Control.Running;

/// <summary>Raises KeyboardInterrupt in code that a thread runs for this Kaa: by a call of the thread's own (<see cref="X64Runner"/>), or by a script that its interpreter is asked to run (3.14 and later).</summary>
internal sealed class RunInterruption(RunTarget target, ExecWay way, RawThread thread, RunOutput output)
{
    /// <summary>Name of the variable that points to it.</summary>
    public const string Exception = "PyExc_KeyboardInterrupt";

    private const int AgainMicroseconds = 1_000_000;

    private readonly Address _exception = target.Facts.ObjectOf(Exception);
    private long _asked; // when the interpreter was last asked; 0 for never

    private int Tid => thread.Tid!.Value;

    /// <summary>False where the thread is in no place for it now.</summary>
    /// <param name="work">What the thread was sent to do, and is to be put back from; null where it was not sent anywhere.</param>
    public bool TrySend(bool isDebugger, out SuspendedWork? work)
    {
        bool isSent = false;
        SuspendedWork? sent = null;
        target.WithOne(Tid, (held, tracee) =>
        {
            sent = _exception.IsNull || way == ExecWay.RemoteExec ? null : Throw(held, tracee);
            isSent = sent is not null || (!isDebugger && AskToRaise(held));
        });
        work = sent;
        return isSent;
    }

    /// <summary>Where the code has had time to end, and has not: it may have caught the exception, or something in it that was called in between.</summary>
    public void AskAgain()
    {
        if (_asked != 0 && Clock.Microseconds - _asked >= AgainMicroseconds)
            target.WithOne(Tid, (held, _) => AskToRaise(held));
    }

    /// <summary>
    /// By the interpreter's own interface, where it has one; not where a function of the program's that traces runs, as nothing is traced then. The request is met before the code's descriptors are closed,
    /// whose number may be another file's then: so it is made only while the thread is in the function around the code.
    /// </summary>
    private bool AskToRaise(HeldProcess held)
    {
        RunRegion region = target.Region!;
        bool isAsked = output.HasBegun && target.SeesItsDescriptors && target.Facts.TakesScripts(thread, target.Live.Glance())
            && target.Interpreted(held, Tid) is { Tracing: false } now && RunFacts.IsInRun(now)
            && region.Input.TryReplace(RunSource.Interruption(target.Key, isLast: false)) && ScriptRequest.Make(target, thread, region.InputNumber);
        if (isAsked)
            _asked = Clock.Microseconds;
        return isAsked;
    }

    private SuspendedWork? Throw(HeldProcess held, Tracee tracee)
    {
        RunRegion region = target.Region!;
        if (region.Read(X64Runner.RunSlot, X64Runner.StateOffset) != X64Runner.RunningState)
            return null;
        var point = new SafePoint(target, held, tracee) { IsForRunner = true };
        bool isParked = point.WhyNot(ExecWay.ParkedThread) is null;
        if (!isParked && point.WhyNotAtInstruction() is not null)
            return null;
        region.Write(X64Runner.RunSlot, X64Runner.ThrownOffset, 1);
        RunnerMode mode = isParked ? RunnerMode.TakeAndThrow : RunnerMode.Throw;
        return SuspendedWork.Send(
            tracee, target.Tasks, target.Patch, region.Address, X64Runner.InterruptSlot, frame => X64Runner.SlotBytes(region.Address, mode, frame, true, thread.Ident, _exception));
    }
}
