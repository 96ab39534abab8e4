using Kaa.Formats;
using Kaa.Python.Layout;
using Kaa.Python.Stack;

namespace Kaa.Tests.Unit.Python.Stack;

public sealed class DataStackTests
{
    /// <summary>Found by fuzzing: a chunk that claims all of memory, and a frame at its other end.</summary>
    [Theory]
    [InlineData(0xff00ea7f66611108)]
    [InlineData(0x7fffffffffffffe0)]
    [InlineData(0x8000000000001000)]
    public void A_frame_that_no_chunk_can_hold_is_a_fault(ulong frame)
    {
        byte[] chunk = new byte[64];
        BitConverter.TryWriteBytes(chunk.AsSpan(8), ulong.MaxValue);
        var layout = new StackChunkLayout { previous = 0, size = 8 };
        using var stack = new DataStack(new FakeMemory().Add(0x1000, chunk), layout, new Address(0x1000), 80);
        Should.Throw<TargetFault>(() => stack.Frame(new Address(frame)).Length);
    }
}
