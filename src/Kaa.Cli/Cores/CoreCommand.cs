using System.Globalization;
using System.Text.Json;
using Kaa.Cli.Output;
using Kaa.Cli.Stacks;
using Kaa.Control.Cores;
using Kaa.Linux;
using Kaa.Report.Json;
using Kaa.Report.Text;
using Kaa.Results;

namespace Kaa.Cli.Cores;

/// <summary>The use-case of <c>kaa core</c>.</summary>
internal static class CoreCommand
{
    public static int Run(CoreArguments arguments)
    {
        bool isStream = arguments.Output == "-";
        if (isStream && StandardStream.Output.IsTerminal)
            throw new UsageError("a core is no text: standard output must not be a terminal", "core");
        if (isStream && arguments.Json)
            throw new UsageError("--json and -o - would both write to standard output", "core");
        StackTarget target = StackTargets.Resolve(arguments.Pid);
        CoreReport report;
        using (var interruption = new Interruption())
        using (var progress = new CoreProgress(arguments.Json))
        {
            report = ProcessDump.Write(new CoreRequest
            {
                Pid = target.Pid,
                Path = isStream ? null : arguments.Output,
                Output = isStream ? StandardStream.Output : null,
                Force = arguments.Force,
                Plain = arguments.NoSnapshot,
                MaxPause = arguments.MaxPause,
                OnPrediction = progress.Predict,
                OnProgress = progress.Show,
                ThrowIfInterrupted = interruption.ThrowIfRequested,
            });
        }

        if (target.Note is { } note)
            report = report with { Notes = [note, .. report.Notes] };
        Write(report, arguments.Json, isStream);
        return report.Notes.Any(each => each.Incomplete) ? ExitCode.Incomplete : ExitCode.Complete;
    }

    private static void Write(CoreReport report, bool json, bool isStream)
    {
        if (json)
        {
            using (Utf8JsonWriter writer = JsonText.Writer(StandardStream.Output))
                CoreJson.Write(report, writer);
            StandardStream.Output.Write("\n"u8);
            return;
        }

        using StreamWriter errors = Streams.Error();
        StyledWriter styled = Streams.Styled(errors, StandardStream.Error, null);
        if (isStream)
        {
            styled.Text("kaa: " + Summary(report)).Line();
        }
        else
        {
            using StreamWriter output = Streams.Output();
            Streams.Styled(output, StandardStream.Output, null).Data(report.Path!).Text(": " + Summary(report)).Line();
        }

        NoteText.Write(report.Notes, styled);
    }

    private static string Summary(CoreReport report)
    {
        string size = report.DiskBytes is { } disk
            ? string.Create(CultureInfo.InvariantCulture, $"{Amount.Of((ulong)disk)} on the disk ({Amount.Of((ulong)report.Bytes)} with zeros)")
            : Amount.Of((ulong)report.Bytes);
        string pause = CoreProgress.Milliseconds(report.PauseMicroseconds);
        string way = report.Way == CoreWay.Snapshot ? "" : " (without a copy)";
        return string.Create(CultureInfo.InvariantCulture, $"{size}, {Quantity.Of(report.Threads, "thread")}, paused {pause}{way}, {report.Seconds:0.00} s in all");
    }
}
