using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Kaa.Cli.Output;
using Kaa.Cli.Stacks;
using Kaa.Control.Running;
using Kaa.Linux;
using Kaa.Linux.Launching;
using Kaa.Python.Running;
using Kaa.Report.Json;
using Kaa.Report.Text;
using Kaa.Results;

namespace Kaa.Cli.Running;

/// <summary>The use-case of <c>kaa exec</c>.</summary>
internal static class ExecCommand
{
    public static int Run(ExecArguments arguments)
    {
        ParentLife? parent = ParentLife.Find();
        return WatchedRun.Run(isLaunch: false, parent) ?? Run(arguments, parent);
    }

    private static int Run(ExecArguments arguments, ParentLife? parent)
    {
        byte[] source = arguments.File is { } path ? SourceFile.Read(path, parent) : Encoding.UTF8.GetBytes(arguments.Code!);
        StackTarget target = StackTargets.Resolve(arguments.Pid);
        using var interruption = new Interruption();
        interruption.ArmForTermination();

        // The terminal is gone, and whoever wanted to see the answer: what has begun comes to its end.
        using var hangup = PosixSignalRegistration.Create(PosixSignal.SIGHUP, signal => signal.Cancel = true);
        var shown = new ShownRecords();
        ExecReport report;
        using (CodeRunner runner = CodeRunner.Open(target.Pid, isSession: false))
        {
            report = runner.Run(new RunRequest
            {
                Source = source,
                Name = arguments.File is null or "-" ? "<kaa>" : Path.GetFullPath(arguments.File),
                InMain = arguments.InMain,
                Timeout = arguments.Timeout,
                Tid = arguments.Tid,
                Way = arguments.Way,
                OnRecord = Show,
                KeepsOutput = arguments.Json,
                IsInterrupted = IsInterrupted,
                IsUnwanted = () => parent?.IsGone == true,
            });
        }

        shown.ThrowIfFailed();

        // Nobody wants the answer any more; the code has come to its end all the same.
        if (parent?.IsGone == true)
            return ExitCode.Interrupted;
        if (target.Note is { } note)
            report = report with { Notes = [note, .. report.Notes] };
        Write(report, arguments);
        if (IsInterrupted())
            return ExitCode.Interrupted;
        return report.Exception is null && !report.StillRunning ? ExitCode.Complete : ExitCode.UserError;

        bool IsInterrupted() => interruption.IsRequested || parent?.IsAsked == true || shown.HasFailed;

        void Show(RunRecord kind, ReadOnlyMemory<byte> bytes)
        {
            if (!arguments.Json && parent?.IsGone != true)
                shown.Show(kind, bytes);
        }
    }

    public static string StillRunning(ExecReport report) => string.Create(
        CultureInfo.InvariantCulture, $"the code still runs in thread {report.Tid}: it was asked to stop by a KeyboardInterrupt, which comes when it runs Python again");

    private static void Write(ExecReport report, ExecArguments arguments)
    {
        if (arguments.Json)
        {
            using (Utf8JsonWriter json = JsonText.Writer(StandardStream.Output))
                ExecJson.Write(report, json);
            StandardStream.Output.Write("\n"u8);
            return;
        }

        if (report.Result is { } result)
            StandardStream.Output.Write(Encoding.UTF8.GetBytes(Printable.EscapeLoneSurrogates(result) + "\n"));
        if (report.WasCutShort)
            Errors.Write(report.Exception!.TrimEnd(), null);
        if (report.StillRunning)
            Errors.Write(StillRunning(report), "kaa bt shows where it is");
        using StreamWriter errors = Streams.Error();
        NoteText.Write(report.Notes, Streams.Styled(errors, StandardStream.Error, null));
    }
}
