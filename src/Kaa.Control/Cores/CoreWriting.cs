using Kaa.Formats;
using Kaa.Formats.Cores;
using Kaa.Formats.ProcText;
using Kaa.Linux.Files;
using Kaa.Linux.Memory;
using Kaa.Results;

namespace Kaa.Control.Cores;

/// <summary>Puts a core together: notes from the standstill, memory from whom it is told.</summary>
internal sealed class CoreWriting(DumpedProcess process, CoreRequest request, CoreSink sink, SharedPages shared)
{
    private const ulong Step = 8 << 20;

    /// <summary>Of the file.</summary>
    public long Length { get; private set; }

    public List<Note> Notes { get; } = [];

    /// <summary>Called for every few MiB.</summary>
    public Action OnStep { get; init; } = () => { };

    /// <param name="ranges">Of the process whose memory this is: the copy's, or its own.</param>
    /// <param name="pause">Null where it is not over.</param>
    public void Write(Standstill standstill, List<RangeUsage> ranges, IMemory memory, ResidentPages pages, CoreWay way, long? pause)
    {
        CorePlan plan = CorePlan.Of(ranges, pages);
        var segments = new CoreSegment[plan.Segments.Count];
        for (int i = 0; i < segments.Length; i++)
            segments[i] = plan.Segments[i].Segment;
        var layout = new CoreLayout(segments, MakeNotes(standstill, ranges, way, pause));
        sink.Put(0, layout.Head());
        var copy = new MemoryCopy(memory, pages, standstill.Saved, shared, sink) { OnStep = OnStep };
        ulong told = 0;
        for (int i = 0; i < segments.Length; i++)
        {
            copy.Write(plan.Segments[i], layout.Offsets[i]);
            if (copy.Done >= told + Step || i == segments.Length - 1)
            {
                told = copy.Done;
                request.OnProgress(Math.Min(copy.Done, plan.Bytes), plan.Bytes);
            }
        }

        sink.End(layout.Length);
        Length = layout.Length;
        Tell(plan, copy);
    }

    private byte[] MakeNotes(Standstill standstill, List<RangeUsage> ranges, CoreWay way, long? pause)
    {
        var notes = new CoreNoteWriter();
        CoreWriterProcess described = standstill.Described!;
        for (int i = 0; i < standstill.Threads.Count; i++)
        {
            standstill.Threads[i].WriteTo(notes, described);

            // The kernel puts what belongs to the process behind the registers of the first thread, and gdb looks for it there.
            if (i == 0)
                AddProcess(notes, described, ranges);
        }

        notes.Add(KaaNote.Name, KaaNote.Type, new KaaNote
        {
            Pid = process.Pid,
            ContainerPid = process.Target.Info.ContainerPid,
            Root = process.Prefix.Length > 0 ? process.Prefix : "/",
            Way = way == CoreWay.Snapshot ? "snapshot" : "plain",
            PauseMicroseconds = pause,
            At = standstill.At,
            StartedAt = process.Target.StartedAt,
            Command = process.Target.Info.Command,
            Descriptors = process.Descriptors,
            Threads = standstill.Threads.ConvertAll(thread => thread.ToNote()),
        }.ToBytes());
        return notes.ToArray();
    }

    private void AddProcess(CoreNoteWriter notes, CoreWriterProcess described, List<RangeUsage> ranges)
    {
        notes.Process(described);
        notes.AuxiliaryVector(process.AuxiliaryVector);
        var files = new List<CoreFileMapping>();
        foreach (RangeUsage range in ranges)
        {
            Mapping mapping = range.Mapping;
            if (!mapping.IsFile)
                continue;
            string path = LiveFiles.Inside(process.Prefix, mapping.Path) + (mapping.Deleted ? " (deleted)" : "");
            files.Add(new CoreFileMapping(mapping.Start, mapping.End, mapping.Offset, path));
        }

        notes.Files(files);
    }

    private void Tell(CorePlan plan, MemoryCopy copy)
    {
        if (copy.Unreadable > 0)
            Notes.Add(new Note("unreadable-memory", $"{Amount.Of(copy.Unreadable)} of memory could not be read, and are zeros in the core", null, Incomplete: true));
        if (plan.SharedBytes > 0)
            Notes.Add(new Note("shared-memory", $"{Amount.Of(plan.SharedBytes)} of memory that it shares with other processes are as they were when they were written, not as of the pause"));
        if (plan.SharedFileBytes > 0)
            Notes.Add(new Note("shared-files", $"shared mappings of files ({Amount.Of(plan.SharedFileBytes)} in memory) are not in the core: the files have them"));
        if (plan.LeftOutOnRequest > 0)
            Notes.Add(new Note("dontdump", $"{Amount.Of(plan.LeftOutOnRequest)} are not in the core, because the program asked for that (MADV_DONTDUMP)"));
    }
}
