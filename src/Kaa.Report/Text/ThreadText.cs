using Kaa.Results;

namespace Kaa.Report.Text;

/// <summary>Prints one thread: who it is and what it does, then its frames, most recent call first.</summary>
internal sealed class ThreadText(StyledWriter writer, IReadOnlySet<string> changedFiles, IReadOnlySet<int> deadlocked, CrashSignal? signal = null)
{
    private readonly FrameText _frames = new(writer, changedFiles);

    /// <param name="movement">How it compares with the round before; null in the first.</param>
    public void Write(ThreadStack thread, Movement? movement)
    {
        WriteTitle(thread, movement);
        if (movement is { Moved: false })
        {
            writer.Text("  (the same ").Text(Quantity.Of(thread.Frames.Count, "frame")).Text(" as before)").Line();
            return;
        }

        if (thread.Frames.Count == 0 && thread.Truncated is null)
            writer.Text("  (runs no Python code)", Tone.Faint).Line();
        WriteFrames([.. thread.Frames], movement);
        if (thread.Truncated is { } reason)
            writer.Text("  (ends here: ").Data(reason).Text(")").Line();
    }

    private void WriteTitle(ThreadStack thread, Movement? movement)
    {
        bool stuck = thread.Tid is { } known && deadlocked.Contains(known);
        writer.Text("Thread ", Tone.Heading);
        if (thread.Tid is { } tid)
            writer.Text(tid);
        else
            writer.Text("ident ").Text("0x" + (thread.Ident ?? 0).ToString("x", System.Globalization.CultureInfo.InvariantCulture));
        if (thread.Name is { } name)
            writer.Text(" \"").Data(name, stuck ? Tone.Alarm : Tone.Heading).Text("\"");
        writer.Text(" (").Text(string.Join(", ", Traits(thread, movement))).Text(")");
        if (thread.WaitingFor is { } wait)
            writer.Text(" ").Data(Waiting(wait), stuck ? Tone.Alarm : Tone.Plain);
        writer.Line();
    }

    private static string Waiting(WaitReason wait) =>
        wait.Kind is WaitKind.Sleep ? wait.Description : "waiting for " + wait.Description;

    private List<string> Traits(ThreadStack thread, Movement? movement)
    {
        var traits = new List<string>();
        if (signal is { } end && thread.Tid == end.Tid)
            traits.Add("ended by " + end.Name);
        if (thread.Main)
            traits.Add("main");
        if (thread.Interpreter != 0)
            traits.Add("interpreter " + thread.Interpreter);
        traits.Add(thread.State == ThreadState.Unknown ? "state unknown" : JsonNames.Of(thread.State));
        if (thread.HoldsGil == true)
            traits.Add("holds the GIL");
        if (thread.Gc)
            traits.Add("collecting garbage");
        if (thread.Stopped)
            traits.Add("paused for this look");
        if (movement is { } known)
            traits.Add(known.IsNew ? "new" : known.Moved ? "moved" : "not moved");
        return traits;
    }

    private void WriteFrames(ReadOnlySpan<StackFrame> frames, Movement? movement)
    {
        int kept = movement is { IsNew: false } known ? frames.Length - known.SameOuterFrames : -1;
        int at = 0;
        while (at < frames.Length)
        {
            if (at == kept)
                writer.Text("  (from here on as before)", Tone.Faint).Line();
            FrameRun run = FrameFolding.RunAt(frames, at);
            if (run.Start < kept && run.Next > kept)
                run = new FrameRun(at, 1, 0);
            for (int i = at; i < at + run.Count; i++)
                _frames.Write(frames[i]);
            if (run.Repeats > 0)
                WriteFold(frames, run);
            at = run.Next;
        }
    }

    private void WriteFold(ReadOnlySpan<StackFrame> frames, FrameRun run)
    {
        bool locals = false;
        for (int i = run.Start; i < run.Start + run.Count; i++)
            locals |= frames[i] is PythonFrame { Locals: not null };
        writer.Text("  ... ").Text(run.Repeats).Text(" more times the ");
        writer.Text(run.Count == 1 ? "frame above" : run.Count + " frames above");
        writer.Text(locals ? ", each with its own locals (--json shows them)" : "").Line();
    }
}
