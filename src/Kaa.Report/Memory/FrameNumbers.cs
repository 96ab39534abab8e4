using System.Runtime.InteropServices;
using Kaa.Recording.Memory;

namespace Kaa.Report.Memory;

/// <summary>Numbers the frames that a report shows, in the order in which they come up.</summary>
internal sealed class FrameNumbers
{
    private readonly Dictionary<RecordedFrame, int> _numbers = [];
    private readonly List<RecordedFrame> _frames = [];

    public IReadOnlyList<RecordedFrame> All => _frames;

    /// <summary>Those of a stack, innermost first.</summary>
    public int[] Of(RecordingTables tables, int stack)
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
        ref int number = ref CollectionsMarshal.GetValueRefOrAddDefault(_numbers, frame, out bool exists);
        if (!exists)
        {
            number = _frames.Count;
            _frames.Add(frame);
        }

        return number;
    }
}
