using Kaa.Recording.Memory;

namespace Kaa.Report.Memory;

/// <summary>Numbers the frames that a report shows, in the order in which they come up.</summary>
internal sealed class FrameNumbers(RecordingTables tables)
{
    private readonly Dictionary<RecordedFrame, int> _numbers = [];
    private readonly List<RecordedFrame> _frames = [];

    public IReadOnlyList<RecordedFrame> All => _frames;

    /// <summary>Innermost first.</summary>
    public int[] Of(int stack)
    {
        List<RecordedFrame> frames = tables.Frames(stack);
        if (frames.Count == 0)
            frames.Add(new RecordedFrame(RecordedFrameKind.Native, MemoryNames.NoFrame, null, 0, null));
        int[] numbers = new int[frames.Count];
        for (int i = 0; i < numbers.Length; i++)
            numbers[i] = Number(frames[i]);
        return numbers;
    }

    public int Number(in RecordedFrame frame)
    {
        if (_numbers.TryGetValue(frame, out int number))
            return number;
        number = _frames.Count;
        _numbers.Add(frame, number);
        _frames.Add(frame);
        return number;
    }
}
