using Kaa.Cli.Output;
using Kaa.Linux.Calls;
using Kaa.Linux.Launching;
using Kaa.Linux.Tracing;
using Kaa.Results;

namespace Kaa.Cli.Tracing;

/// <summary>The use-case of <c>kaa trace -- CMD</c>: the program is traced from its first instruction on, and its exit status is Kaa's.</summary>
internal sealed class LaunchTrace(TraceArguments arguments)
{
    // As env(1) has them.
    private const int Failed = 125;
    private const int NotExecutable = 126;
    private const int NotFound = 127;

    public static int Run(TraceArguments arguments)
    {
        try
        {
            return new LaunchTrace(arguments).Run();
        }
        catch (UserError e)
        {
            Errors.Report(e.Code, e.Message, e.Hint, arguments.Json);
            return e.Code switch { ProgramFile.NotFound => NotFound, ProgramFile.NotExecutable => NotExecutable, _ => Failed };
        }
    }

    private int Run()
    {
        long began = Clock.Microseconds;
        using var interruption = new Interruption();
        interruption.ArmForTermination();
        using var queue = new TraceQueue();
        using TraceOutput output = TraceOutput.Create(arguments);
        using var run = new SyscallTraceRun(arguments, queue, threads => threads.Start(new LaunchRequest(arguments.Command, OwnGroup: false)));
        output.Start(queue);
        try
        {
            // Ctrl-C goes to the program too: it decides what comes of it.
            long? end = arguments.Duration is { } duration ? began + (long)duration.TotalMicroseconds : null;
            run.Trace(() => output.IsBroken || (end is { } last && Clock.Microseconds >= last));
        }
        finally
        {
            queue.Complete();
            output.Join();
        }

        output.Finish(run.Summary(queue.Lost, (Clock.Microseconds - began) / 1e6, []));
        return run.ExitStatus ?? SyscallTracing.WaitForEnd(run.Pid);
    }
}
