using System.Globalization;
using Kaa.Control.Remote;
using Kaa.Formats;
using Kaa.Formats.ProcText;
using Kaa.Linux.Access;
using Kaa.Linux.Calls;
using Kaa.Linux.Files;
using Kaa.Linux.Looking;
using Kaa.Linux.Memory;
using Kaa.Linux.Proc;
using Kaa.Linux.Processes;
using Kaa.Results;

namespace Kaa.Control.Cores;

/// <summary>Writes the core of a living process: of a copy that it makes of itself, else of itself while it stands still.</summary>
public sealed class ProcessDump
{
    private const int MemoryCheckEvery = 16; // steps of a MiB

    // While others stand still for it, it sleeps most of the time: a fork is made by a thread of the process. Afterwards it gives its priority up by itself.
    private const int MostHaste = 10_000; // ms

    private readonly CoreRequest _request;
    private readonly DumpedProcess _process;
    private readonly NewFile? _file;
    private readonly CoreSink _sink;
    private readonly LiveMemory _memory;
    private readonly ResidentPages _pages;
    private readonly ForkRisk _risk;
    private readonly List<Note> _notes = [];
    private readonly long _begun = Clock.Microseconds;
    private readonly List<RangeUsage> _ranges;
    private readonly Standstill _standstill;

    private ProcessDump(CoreRequest request, DumpedProcess process, NewFile? file, LiveMemory memory, ResidentPages pages)
    {
        _request = request;
        _process = process;
        _file = file;
        _sink = file is not null ? new FileSink(file) : new StreamSink(request.Output!);
        _memory = memory;
        _pages = pages;
        _risk = new ForkRisk(MemoryHeadroom.Of(process.Proc, process.Pid));
        _ranges = process.ReadRanges(process.Tid);
        _standstill = new Standstill(process, memory, pages) { Lent = request.Held, LeftCopies = LeftCopies.Find(process.Proc, process.Pid) };
    }

    /// <exception cref="UserError">
    /// Those of <see cref="Linux.LiveTarget.Open(int)"/>; already-traced, busy, stop-refused, pause-too-long, file-exists, no-such-directory, no-space,
    /// file-too-large, output.
    /// </exception>
    public static CoreReport Write(CoreRequest request)
    {
        ProcRoot proc = ProcRoot.System;
        using DumpedProcess process = DumpedProcess.Open(request.Pid, proc, request.Held is not null);
        using NewFile? file = request.Path is { } path ? NewFile.Create(path, request.Force) : null;
        using ProcessMutex? mutex = ProcessMutex.TryTake(process.Pid, process.Target.StartedAt ?? 0);
        if (mutex is null)
            throw new UserError("busy", string.Create(CultureInfo.InvariantCulture, $"another Kaa is at work in process {process.Pid}"), "wait until it is done");
        using ResidentPages pages = ResidentPages.Open(proc, process.Tid) ?? throw ProcessGate.Refused(proc, process.Pid, Errno.Last);
        using LiveMemory memory = OpenMemory(process, process.Tid) ?? throw ProcessGate.Vanished(proc, process.Pid);
        return new ProcessDump(request, process, file, memory, pages).Run();
    }

    private CoreReport Run()
    {
        CorePlan guess = CorePlan.Of(_ranges, null);
        RequireRoom(guess);
        using TargetPatch? patch = _request.Plain ? null : TargetPatch.Open(_process.Proc, _process.Tid);
        RemoteRoom? room = _request.Plain ? null : RemoteRoom.Find(_process.Target);
        RemoteHindrance? hindrance = _request.Plain ? null : Hindrance(room, patch);
        bool isPlain = _request.Plain || hindrance is not null;
        CorePrediction prediction = Predict(isPlain, guess.Bytes, hindrance);
        RequireShort(prediction);
        _request.OnPrediction(prediction);
        CoreReport? report = null;
        if (_request.Held is not null)
        {
            report = WritePlain(prediction);
        }
        else
        {
            TracerThread.Run(
                () => report = isPlain ? WritePlain(prediction) : WriteCopy(new SnapshotTaker(_process, room!, patch!, _standstill), prediction, guess.Bytes),
                _standstill.BuryTheDead,
                MostHaste);
        }

        _file?.Publish();
        return report! with { DiskBytes = _file?.DiskBytes, Seconds = (Clock.Microseconds - _begun) / 1e6 };
    }

    private RemoteHindrance? Hindrance(RemoteRoom? room, TargetPatch? patch)
    {
        if (patch is null)
            return RemoteHindrance.NotWritable;
        if (room is null)
            return RemoteHindrance.NoRoom;
        return (_process.Tasks.Status(_process.Tid) is { } status ? RemoteHindrance.Of(status) : null) ?? _risk.Before(_ranges);
    }

    private CorePrediction Predict(bool isPlain, ulong bytes, RemoteHindrance? hindrance)
    {
        int threads = _process.Tasks.Count() ?? 1;
        long pause = isPlain ? PausePrediction.Plain(bytes, threads) : PausePrediction.Snapshot(_ranges, threads, _process.RunnableThreads(), Environment.ProcessorCount);
        return new CorePrediction(isPlain ? CoreWay.Plain : CoreWay.Snapshot, pause, bytes, hindrance is null ? null : NoteOf(hindrance));
    }

    private static Note NoteOf(RemoteHindrance hindrance) =>
        new("no-snapshot", $"the process stood still until all was written, because {hindrance.Message}", hindrance.Code);

    private void RequireShort(CorePrediction prediction)
    {
        if (_request.MaxPause is not { } most || prediction.PauseMicroseconds <= most.TotalMicroseconds)
            return;
        string time = string.Create(CultureInfo.InvariantCulture, $"{prediction.PauseMicroseconds / 1000.0:0} ms");
        string why = prediction.Note is { } note ? $" ({note.Message})" : "";
        throw new UserError("pause-too-long", $"it would stand still for about {time}{why}", "give a greater --max-pause, or none; nothing was done");
    }

    private void RequireRoom(CorePlan guess)
    {
        if (_file?.FreeBytes is { } free && free < guess.Bytes + guess.Bytes / 50)
            throw new UserError("no-space", $"the core takes about {Amount.Of(guess.Bytes)}, and there are {Amount.Of(free)} left", "give a path on another disk with -o");
        if (_file is not null && NewFile.SizeLimit is { } limit && limit < guess.Length)
            throw new UserError("file-too-large", $"the core has {Amount.Of(guess.Length)} with its holes, and a file may have {Amount.Of(limit)} here (ulimit -f)", "ulimit -f unlimited");
    }

    private CoreReport WriteCopy(SnapshotTaker taker, CorePrediction prediction, ulong bytes)
    {
        Snapshot? snapshot = taker.Take(_ranges);
        Scheduling.Relax(0);
        if (snapshot is not null)
        {
            try
            {
                if (TryWriteCopy(snapshot, prediction) is { } report)
                    return report;
            }
            finally
            {
                snapshot.Kill();
                if (!taker.Reap(snapshot))
                    _notes.Add(new Note("copy-left", "the ended copy could not be taken from the process: a zombie is left, which the next kaa core takes"));
            }
        }

        RemoteHindrance hindrance = taker.Hindrance ?? new RemoteHindrance("memory-short", "memory ran short while its copy was written");
        CorePrediction plain = Predict(true, bytes, hindrance);
        RequireShort(plain);
        _request.OnPrediction(plain);
        return WritePlain(plain);
    }

    /// <summary>Null where the copy had to be given up, and nothing but a file was begun.</summary>
    private CoreReport? TryWriteCopy(Snapshot snapshot, CorePrediction prediction)
    {
        long pause = _standstill.PauseMicroseconds;
        using ResidentPages pages = ResidentPages.Open(_process.Proc, snapshot.Pid) ?? throw CopyLost();
        using LiveMemory memory = OpenMemory(_process, snapshot.Pid) ?? throw CopyLost();
        List<RangeUsage> ranges = _standstill.Saved.AddTo(WithShared(_process.ReadRanges(snapshot.Pid)));
        TellLeftOut(ranges);
        var writing = new CoreWriting(_process, _request, _sink, new SharedPages(_process.Target.Files, _pages)) { OnStep = Watch() };
        try
        {
            writing.Write(_standstill, ranges, memory, pages, CoreWay.Snapshot, pause);
        }
        catch (TargetFault fault) when (fault.Reason == FaultReason.Gone)
        {
            throw CopyLost();
        }
        catch (MemoryShort) when (_file is not null)
        {
            _file.SetLength(0);
            return null;
        }

        if (!Directory.Exists(_process.Proc.Of(snapshot.Pid)))
            throw CopyLost();
        if (_request.MaxPause is { } most && pause > most.TotalMicroseconds)
            _notes.Add(new Note("pause-exceeded", string.Create(CultureInfo.InvariantCulture, $"it stood still for longer than predicted: {pause / 1000.0:0.0} ms")));
        return Report(writing, prediction, CoreWay.Snapshot, pause);
    }

    private static UserError CopyLost() => new("copy-lost", "the process's copy was killed while it was being written", "was the service or its container stopped, or did memory run short? try again");

    private CoreReport WritePlain(CorePrediction prediction)
    {
        var writing = new CoreWriting(_process, _request, _sink, new SharedPages(_process.Target.Files, _pages)) { OnStep = Deadline(Clock.Microseconds) };
        _standstill.During(false, _ =>
        {
            Scheduling.Relax(0);
            writing.Write(_standstill, _process.ReadRanges(_process.Tid), _memory, _pages, CoreWay.Plain, null);
        });
        return Report(writing, prediction, CoreWay.Plain, _standstill.PauseMicroseconds);
    }

    private CoreReport Report(CoreWriting writing, CorePrediction prediction, CoreWay way, long pause)
    {
        var notes = new List<Note>(_process.Target.Notes);
        if (prediction.Note is { } note)
            notes.Add(note);
        TellThreads(notes);
        notes.AddRange(_notes);
        notes.AddRange(writing.Notes);
        return new CoreReport
        {
            Target = _process.Target.Info,
            Path = _request.Path is { } path ? Path.GetFullPath(path) : null,
            Bytes = writing.Length,
            Way = way,
            PauseMicroseconds = pause,
            PredictedPauseMicroseconds = prediction.PauseMicroseconds,
            Seconds = 0,
            Threads = _standstill.Threads.Count,
            Notes = notes,
        };
    }

    private void TellThreads(List<Note> notes)
    {
        var asleep = new List<string>();
        foreach (ThreadRecord thread in _standstill.Threads)
        {
            string tid = thread.Tid.ToString(CultureInfo.InvariantCulture);
            if (_standstill.Moved.Contains(thread.Tid))
                notes.Add(new Note("thread-moved", $"thread {tid} was not stopped, and ran on: its registers and stack may not match", tid, Incomplete: true));
            else if (thread.IsAsleep)
                asleep.Add(tid);
            else if (thread.IsPartial)
                notes.Add(new Note("thread-partial", $"thread {tid} came to no stop in time: its registers are not in the core", tid, Incomplete: true));
        }

        if (asleep.Count > 0)
            notes.Add(new Note("thread-asleep", TellAsleep(asleep), string.Join(',', asleep)));
    }

    /// <summary>Nothing is missing of them that is needed for their stacks.</summary>
    private static string TellAsleep(List<string> tids)
    {
        const int Most = 5;
        string some = string.Join(", ", tids.GetRange(0, Math.Min(Most, tids.Count)));
        string who = tids.Count == 1 ? $"thread {some} was" : $"{tids.Count} threads ({some}{(tids.Count > Most ? ", …" : "")}) were";
        return who + " left asleep, in system calls that an interruption could end: of their registers rip, rsp, fs_base and those of the call are in the core";
    }

    /// <summary>A fork copies no page tables of shared memory, so the copy has none of it resident: the process had.</summary>
    private List<RangeUsage> WithShared(List<RangeUsage> ranges)
    {
        var held = new Dictionary<ulong, RangeUsage>(_ranges.Count);
        foreach (RangeUsage range in _ranges)
            held[range.Mapping.Start.Value] = range;
        for (int i = 0; i < ranges.Count; i++)
        {
            if (ranges[i].Mapping.Can(MappingAccess.Shared) && held.TryGetValue(ranges[i].Mapping.Start.Value, out RangeUsage known))
                ranges[i] = ranges[i] with { Resident = known.Resident, Swapped = known.Swapped };
        }

        return ranges;
    }

    /// <summary>Ranges that the process had in the pause and its copy has not, though nothing was said of that.</summary>
    private void TellLeftOut(List<RangeUsage> ranges)
    {
        var starts = new HashSet<ulong>();
        foreach (RangeUsage range in ranges)
            starts.Add(range.Mapping.Start.Value);
        foreach (Mapping mapping in MapsParser.Parse(_standstill.Maps))
        {
            if (starts.Contains(mapping.Start.Value) || mapping.Path == "[vsyscall]")
                continue;
            _notes.Add(new Note("fork-left-out", $"{mapping.Start}–{mapping.End} is not in the core: it was left out of the copy (MADV_DONTFORK)", mapping.Start.ToString(), Incomplete: true));
        }
    }

    private Action Watch()
    {
        int steps = 0;
        return () =>
        {
            _request.ThrowIfInterrupted();
            if (++steps % MemoryCheckEvery == 0 && _risk.IsNear())
                throw new MemoryShort();
        };
    }

    private Action Deadline(long since) => () =>
    {
        _request.ThrowIfInterrupted();
        if (_request.MaxPause is { } most && Clock.Microseconds - since > most.TotalMicroseconds)
        {
            throw new UserError(
                "pause-too-long", string.Create(CultureInfo.InvariantCulture, $"it was not done within {most.TotalMilliseconds:0} ms, and the process goes on"), "give a greater --max-pause, or none");
        }
    };

    private static LiveMemory? OpenMemory(DumpedProcess process, int tid)
    {
        foreach (Mapping mapping in process.Target.Mappings)
        {
            if (mapping.Can(MappingAccess.Read) && !mapping.Can(MappingAccess.Shared) && (mapping.IsFile || mapping.Path is "" or "[heap]" or "[stack]")
                && LiveMemory.Open(process.Proc, tid, mapping.Start, out _) is { } memory)
                return memory;
        }

        return null;
    }

    /// <summary>The copy must go, lest the kernel kill for memory.</summary>
    private sealed class MemoryShort() : Exception("memory runs short while the process's copy is written");
}
