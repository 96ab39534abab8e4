using Kaa.Formats;
using Kaa.Python.Builtins;
using Kaa.Python.Bytecode;
using Kaa.Python.Objects;
using Kaa.Python.Stack;
using Kaa.Target;

namespace Kaa.Python.Inspection;

/// <summary>
/// Moments of one process that follow one another quickly: what was read of code objects, and worked out of their bytecode, is kept from one to the next, and compared with
/// what is there whenever it is used. What else was read is not. Not safe for two threads at once.
/// </summary>
public sealed class RepeatedMoments
{
    /// <param name="memory">The process's memory as it is at each moment.</param>
    public RepeatedMoments(PythonProcess process, IMemory memory)
    {
        Process = process;
        PyObjects objects = process.Objects(memory);
        Chain = process.FramesOf(objects);
        Calls = OpcodeSet.For(process.Version) is { } set ? new CodeCalls(objects, process.Layout, set) : null;
    }

    public PythonProcess Process { get; }

    internal FrameChain Chain { get; }

    internal CodeCalls? Calls { get; }

    /// <summary>The next one; what the one before gave is over.</summary>
    public PythonMoment At(Look look)
    {
        Chain.Codes.Round++;
        if (Calls is { } calls)
            calls.Round++;
        return new PythonMoment(Process, look, this);
    }
}
