using Kaa.Formats;
using Kaa.Target;

namespace Kaa.Tests.Unit.Linux.Live;

/// <summary>Does something in the moment in which threads stand still.</summary>
internal sealed class CallbackObserver(Action<Look> read) : ILookObserver
{
    public void Read(Look look) => read(look);
}

/// <summary>Reads a page of the stack of each wanted thread.</summary>
internal sealed class StackObserver : ILookObserver
{
    private readonly byte[] _buffer = new byte[4096];

    public void Read(Look look)
    {
        foreach (TargetThread thread in look.Threads)
        {
            if (look.Wants(thread.Tid) && thread.StackPointer is { } stack)
                Read(look.Memory, stack);
        }
    }

    private void Read(IMemory memory, Address stack)
    {
        try
        {
            _ = memory.Read(stack, _buffer);
        }
        catch (TargetFault fault) when (fault.Reason == FaultReason.Budget)
        {
            // A machine this busy: as an observer of ours would, go on with the next thread.
        }
    }
}
