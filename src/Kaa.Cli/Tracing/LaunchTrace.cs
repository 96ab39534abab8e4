using System.Runtime.InteropServices;
using Kaa.Cli.Output;
using Kaa.Linux.Calls;
using Kaa.Linux.Launching;
using Kaa.Linux.Tracing;
using Kaa.Results;

namespace Kaa.Cli.Tracing;

/// <summary>The use-case of <c>kaa trace -- CMD</c>: the program is traced from its first instruction on, and its exit status is Kaa's.</summary>
internal sealed class LaunchTrace(TraceArguments arguments, ParentLife? parent)
{
    public static int Run(TraceArguments arguments, ParentLife? parent)
    {
        try
        {
            return new LaunchTrace(arguments, parent).Run();
        }
        catch (UserError e)
        {
            Errors.Report(e.Code, e.Message, e.Hint, arguments.Json);
            return ExitCode.OfLaunch(e.Code) ?? ExitCode.LaunchFailed;
        }
    }

    private int Run()
    {
        long began = Clock.Microseconds;
        var end = Deadline.In(arguments.Duration);

        // Ctrl-C goes to the program too: it decides what comes of it, however often it comes.
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, signal => signal.Cancel = true);
        using var interruption = new Interruption(armed: false);
        interruption.ArmForHangup();
        using var queue = new TraceQueue();
        using TraceOutput output = TraceOutput.Create(arguments);
        TraceRun? begun = null;
        using var termination = new PassedTermination(() => begun is { ExitStatus: null } started ? started.Pid : 0);
        using TraceRun run = arguments.Calls.Count > 0
            ? new CallTraceRun(arguments, queue)
            : new SyscallTraceRun(arguments, queue, threads => threads.Start(new LaunchRequest(arguments.Command, OwnGroup: false)));
        begun = run;
        long ended = run.Trace(output, queue, end, () =>
        {
            termination.PassOn();
            return IsLeft(interruption);
        });
        output.Finish(run.Summary(queue.Lost, (ended - began) / 1e6, []));
        return IsLeft(interruption) ? ExitCode.Interrupted : run.ExitStatus ?? SyscallTracing.WaitForEnd(run.Pid);
    }

    /// <summary>The terminal has gone away, or the Kaa that this is a copy of has: the program goes on untraced.</summary>
    private bool IsLeft(Interruption interruption) => interruption.IsRequested || parent?.IsOver == true;
}
