using Kaa.Formats;
using Kaa.Python.Objects;
using Kaa.Target;

namespace Kaa.Python.Stack;

/// <summary>What Python calls the thread of a <c>PyThreadState</c>, as of now.</summary>
public sealed class PythonThreadNames(PythonProcess process)
{
    private readonly ThreadNames _names = process.NewThreadNames();

    /// <summary>Null where it has no name, or that can't be read just now.</summary>
    public string? Find(Address thread)
    {
        IMemory memory = process.Glance();
        try
        {
            Address interpreter = memory.ReadPointer(thread + process.Layout.Thread.interp);
            ulong ident = memory.Read<ulong>(thread + process.Layout.Thread.thread_id);
            _names.Locate(memory, interpreter);
            PyObjects objects = process.Objects(memory);
            return _names.Read(objects, interpreter).GetValueOrDefault(ident);
        }
        catch (TargetFault fault) when (fault.Reason != FaultReason.Gone)
        {
            return null;
        }
    }
}
