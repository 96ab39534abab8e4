using System.Runtime.InteropServices;
using Kaa.Control.Memory;
using Kaa.Cli.Output;
using Kaa.Linux.Launching;
using Kaa.Linux.Tracing;
using Kaa.Results;

namespace Kaa.Cli.Memory;

/// <summary>The use-case of <c>kaa mem run</c>: the program's exit status is Kaa's.</summary>
internal static class MemoryRunCommand
{
    public static int Run(MemoryRunArguments arguments)
    {
        try
        {
            return Record(arguments);
        }
        catch (UserError e)
        {
            Errors.Report(e.Code, e.Message, e.Hint, json: false);
            return ExitCode.OfLaunch(e.Code) ?? ExitCode.LaunchFailed;
        }
    }

    private static int Record(MemoryRunArguments arguments)
    {
        // Ctrl-C at the terminal goes to the program too: it decides what comes of it.
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, signal => signal.Cancel = true);
        int pid = 0;
        using var termination = new PassedTermination(() => System.Threading.Volatile.Read(ref pid));
        ProgramFile.Find(arguments.Command[0]);
        var files = new RecordingFiles(arguments.Output, arguments.Force);
        files.Prepare();
        using RecordedProcesses all = RecordedProcesses.Launch(arguments.Command, arguments.Request, arguments.Follows, files.Open);
        System.Threading.Volatile.Write(ref pid, all.Pid);
        termination.PassOn();
        var end = Deadline.In(arguments.Duration);
        string? trouble = null;
        try
        {
            while (!all.IsFirstOver && !end.IsOver)
                all.Step();
            all.End();
        }
        catch (UserError e)
        {
            // The disk is full: the program goes on all the same.
            trouble = e.Message;
        }

        int status = all.EarlyEnd ?? SyscallTracing.WaitForEnd(all.Pid);
        System.Threading.Volatile.Write(ref pid, 0);
        if (trouble is null)
            files.Say(all);
        else
            MemoryCommand.Say("the recording has ended early: " + trouble);
        List<Note> notes = [.. all.Notes];
        files.AddChanges(notes);
        MemoryCommand.WriteNotes(notes);
        return status;
    }
}
