using System.Globalization;
using Kaa.Results;

namespace Kaa.Report.Text;

/// <summary>The answer of <c>kaa ps</c> for a person: a row a process, what stands in the way under it.</summary>
public static class ProcessTable
{
    private static readonly string[] Headings = ["PID", "INNER", "CONTAINER", "PYTHON", "THREADS", "CPU%", "STATE", "USER", "COMMAND"];

    /// <param name="width">Columns of the terminal; rows are cut there. 0 for no end.</param>
    public static void Write(IReadOnlyList<ProcessSummary> processes, StyledWriter writer, int width = 0)
    {
        string[][] rows = [Headings, .. processes.Select(Row)];
        bool[] shown = [.. Headings.Select((_, column) => column is not (1 or 2) || rows.Skip(1).Any(row => row[column] != "-"))];
        int[] widths = [.. Headings.Select((_, column) => rows.Max(row => Cells.Width(row[column])))];
        WriteRow(writer, rows[0], shown, widths, width, Tone.Heading);
        for (int i = 0; i < processes.Count; i++)
        {
            WriteRow(writer, rows[i + 1], shown, widths, width, Tone.Plain);
            foreach (Note hindrance in processes[i].Hindrances)
                writer.Text("    ! ", Tone.Alarm).Data(hindrance.Message).Line();
            foreach (Note leftover in processes[i].Leftovers)
                writer.Text("    * ", Tone.Marked).Data(leftover.Message).Line();
        }
    }

    private static string[] Row(ProcessSummary process) =>
    [
        process.Pid.ToString(CultureInfo.InvariantCulture),
        process.ContainerPid?.ToString(CultureInfo.InvariantCulture) ?? "-",
        Printable.Escape(process.Container ?? "-"),
        Printable.Escape(Python(process)),
        process.Threads.ToString(CultureInfo.InvariantCulture),
        process.CpuPercent.ToString("0.0", CultureInfo.InvariantCulture),
        process.State == ThreadState.Unknown ? "-" : JsonNames.Of(process.State),
        Printable.Escape(process.User ?? "-"),
        Printable.Escape(CommandLine.Join(process.Command)),
    ];

    private static string Python(ProcessSummary process)
    {
        string version = process.Version ?? "?";
        return process.Implementation == "cpython" ? version : process.Implementation + " " + version;
    }

    private static void WriteRow(StyledWriter writer, string[] cells, bool[] shown, int[] widths, int width, Tone tone)
    {
        var line = new System.Text.StringBuilder();
        for (int column = 0; column < cells.Length; column++)
        {
            if (!shown[column])
                continue;
            string padding = new(' ', widths[column] - Cells.Width(cells[column]));
            bool number = column is 0 or 1 or 4 or 5;
            bool last = column == cells.Length - 1;
            line.Append(number ? padding : "").Append(cells[column]).Append(number || last ? "" : padding).Append(last ? "" : "  ");
        }

        writer.Text(Cut(line.ToString(), width), tone).Line();
    }

    private static string Cut(string line, int width)
    {
        int used = 0;
        int at = 0;
        foreach (System.Text.Rune rune in line.EnumerateRunes())
        {
            used += Cells.Width(rune);
            if (width > 0 && used > width)
                return line[..at];
            at += rune.Utf16SequenceLength;
        }

        return line;
    }
}
