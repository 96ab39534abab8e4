using System.Text;
using System.Text.Json;
using Kaa.Cli.Output;
using Kaa.Formats;
using Kaa.Linux;
using Kaa.Linux.Files;
using Kaa.Recording.Analysis;
using Kaa.Recording.Memory;
using Kaa.Report.Json;
using Kaa.Report.Memory;
using Kaa.Report.Text;
using Kaa.Results;

namespace Kaa.Cli.Memory;

/// <summary>The use-case of <c>kaa mem report</c>.</summary>
internal static class MemoryReportCommand
{
    public static int Run(MemoryReportArguments arguments)
    {
        if (arguments is { Format: "pprof", Output: "-" } && StandardStream.Output.IsTerminal)
            throw new UsageError("a profile for pprof is no text: standard output must not be a terminal", "mem report");
        using FileStream file = Open(arguments.File);
        AllocationAnalysis analysis = Analyse(file, arguments.File, arguments.Analysis);
        using FileStream? other = arguments.Before is { } before ? Open(before) : null;
        MemoryView? earlier = other is null ? null : new MemoryView(Analyse(other, arguments.Before!, arguments.Analysis), arguments.View);
        List<Note> notes = NotesOn(analysis.Recording);
        if (arguments.Output == "-")
        {
            Write(arguments, analysis, earlier, notes, StandardStream.Output);
        }
        else
        {
            using var output = GrowingFile.Create(arguments.Output, arguments.Force);
            Write(arguments, analysis, earlier, notes, output);
        }

        if (arguments.Format != "json")
            WriteNotes(notes);
        return notes.Exists(note => note.Incomplete) ? ExitCode.Incomplete : ExitCode.Complete;
    }

    private static FileStream Open(string path)
    {
        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 1 << 16);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserError("recording", $"{path} can't be read: {(e is FileNotFoundException or DirectoryNotFoundException ? "there is no such file" : "not permitted, or no file")}");
        }
    }

    private static AllocationAnalysis Analyse(FileStream file, string path, AnalysisRequest request)
    {
        try
        {
            return AllocationAnalysis.Of(new RecordingReader(file), request);
        }
        catch (BadData damage)
        {
            throw new UserError("recording", $"{path} is no recording that this kaa can read: {damage.Rule}", "kaa mem attach and kaa mem run make them");
        }
    }

    private static List<Note> NotesOn(RecordingReader recording)
    {
        var notes = new List<Note>();
        if (recording.Damage is { } damage)
            notes.Add(new Note("recording-cut", "the recording is read up to where it is whole: " + damage, null, Incomplete: true));
        else if (recording.EndMicroseconds is null)
            notes.Add(new Note("recording-open", "the recording has no end: it still goes on, or kaa was killed", null));
        if (recording.Lost > 0)
            notes.Add(new Note("events-lost", Quantity.Of(recording.Lost, "event was", "events were") + " lost: sums may be wrong by them", null, Incomplete: true));
        if (!recording.Facts.Launched)
            notes.Add(new Note("attached", "what was allocated before the recording began is not in it", null));
        return notes;
    }

    private static void Write(MemoryReportArguments arguments, AllocationAnalysis analysis, MemoryView? earlier, List<Note> notes, Stream output)
    {
        var view = new MemoryView(analysis, arguments.View);
        switch (arguments.Format)
        {
            case "json":
                using (Utf8JsonWriter json = JsonText.Writer(output))
                {
                    if (earlier is null)
                        MemoryJson.Write(view, notes, json);
                    else
                        DifferenceJson.Write(earlier, view, notes, json);
                }
                output.Write("\n"u8);
                break;
            case "speedscope":
                using (Utf8JsonWriter json = JsonText.Writer(output))
                    Speedscope.Write(view, Path.GetFileName(arguments.File), json);
                break;
            case "pprof":
                Pprof.Write(view, output);
                break;
            case "html":
                if (earlier is null)
                    MemoryHtml.Write(analysis, arguments.View, output);
                else
                    DifferenceHtml.Write(earlier, view, output);
                break;
            default:
                WriteText(arguments, view, earlier, output);
                break;
        }
    }

    private static void WriteText(MemoryReportArguments arguments, MemoryView view, MemoryView? earlier, Stream output)
    {
        using var writer = new StreamWriter(output, new UTF8Encoding(false), 1 << 15, leaveOpen: true);
        if (arguments.Format == "collapsed")
            CollapsedStacks.Write(view, writer);
        else if (earlier is not null)
            DifferenceText.Write(earlier, view, Options(arguments), StyleOf(writer, output));
        else
            MemoryText.Write(view, Options(arguments), StyleOf(writer, output));
    }

    private static MemoryTextOptions Options(MemoryReportArguments arguments) => new() { Tables = arguments.Groups, Rows = arguments.Rows };

    private static StyledWriter StyleOf(StreamWriter writer, Stream output) =>
        output is StandardStream stream ? Streams.Styled(writer, stream, null) : new StyledWriter(writer, colour: false);

    private static void WriteNotes(List<Note> notes)
    {
        using StreamWriter error = Streams.Error();
        NoteText.Write(notes, Streams.Styled(error, StandardStream.Error, null));
    }
}
