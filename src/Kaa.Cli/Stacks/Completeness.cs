using Kaa.Results;

namespace Kaa.Cli.Stacks;

/// <summary>Says once for the whole answer what stands at each frame and variable that could not be read.</summary>
internal static class Completeness
{
    public static IReadOnlyList<Note> Notes(IReadOnlyList<ThreadStack> threads)
    {
        int frames = 0;
        int values = 0;
        foreach (ThreadStack thread in threads)
        {
            foreach (StackFrame frame in thread.Frames)
            {
                if (frame is not PythonFrame python)
                    continue;
                frames += python.Unreadable is null ? 0 : 1;
                values += UnreadableValues(python);
            }
        }

        var notes = new List<Note>();
        if (frames > 0)
            notes.Add(new Note("frames-unreadable", $"{Quantity.Of(frames, "frame")} could not be read whole; each says why", null, Incomplete: true));
        if (values > 0)
            notes.Add(new Note("values-unreadable", $"{Quantity.Of(values, "variable")} could not be read; each says why", null, Incomplete: true));
        return notes;
    }

    private static int UnreadableValues(PythonFrame frame)
    {
        int count = 0;
        foreach (LocalVariable local in frame.Locals ?? [])
            count += local.Value is null ? 1 : 0;
        return count;
    }
}
