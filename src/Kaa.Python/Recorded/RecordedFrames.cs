using Kaa.Formats;
using Kaa.Python.Layout;
using Kaa.Python.Objects;
using Kaa.Python.Semantics;
using Kaa.Python.Stack;
using Kaa.Results;

namespace Kaa.Python.Recorded;

/// <summary>
/// Names and lines of frames that were recorded as addresses: a code object, and where in it the thread was. Each code object is read once, when it is first asked for;
/// by then another one may lie there, which its fingerprint tells.
/// </summary>
public sealed class RecordedFrames
{
    private const string Freed = "its code object was freed before it could be read";

    private readonly PythonProcess _process;
    private readonly FrameWalk _walk;
    private readonly Dictionary<(ulong Code, ulong Print), PyCode?> _codes = [];
    private readonly Dictionary<(ulong Code, ulong Instruction, ulong Print), PythonFrame?> _frames = [];

    public RecordedFrames(PythonProcess process, FrameWalk walk)
    {
        _process = process;
        _walk = walk;
    }

    /// <summary>Null for a frame that has not begun yet, which a traceback would not show either.</summary>
    /// <param name="instruction"><c>f_lasti</c>, or an address.</param>
    /// <param name="print">As <see cref="FrameWalk.Print"/> gave it then.</param>
    public PythonFrame? Find(Address code, ulong instruction, ulong print) => Find(code, instruction, print, null);

    /// <summary>The same from a copy that was made when the frame was recorded.</summary>
    /// <param name="copy">Null for the process as it is now.</param>
    public PythonFrame? Find(Address code, ulong instruction, ulong print, IMemory? copy)
    {
        var key = (code.Value, instruction, print);
        if (_frames.TryGetValue(key, out PythonFrame? known))
            return known;
        if (_frames.Count >= Limits.RecordedFrames)
        {
            _frames.Clear();
            _codes.Clear();
        }

        PythonFrame? frame = Read(code, instruction, print, copy);
        _frames.Add(key, frame);
        return frame;
    }

    /// <summary>Reads types that tell what a code object and its parts are, so that a memory which keeps what was read of it can tell it when the process is gone.</summary>
    public void ReadTypes(IEnumerable<Address> types, IMemory memory)
    {
        PyObjects objects = _process.Objects(memory);
        foreach (Address type in types)
        {
            try
            {
                _ = objects.Type(type);
            }
            catch (TargetFault fault) when (fault.Reason is FaultReason.Unmapped or FaultReason.Nonsense or FaultReason.Gone)
            {
                // What it is will be read when it is needed, where the process is still there.
            }
        }
    }

    private PythonFrame? Read(Address address, ulong instruction, ulong print, IMemory? copy)
    {
        IMemory memory = copy ?? _process.Glance();
        if (CodeOf(memory, address, print, copy is not null) is not { } code)
            return new PythonFrame(null) { Unreadable = Freed };
        if (OffsetOf(memory, code, instruction) is not { } offset)
            return Describe(code) with { Unreadable = "where it was in its code is not known" };
        if (_walk.InstructionSize != 4 && offset < code.FirstTraceable) // frame objects are shown before they begin, too
            return null;
        CodeLocation at = code.Locate(offset);
        return Describe(code) with { Line = at.Line, EndLine = at.EndLine, Column = at.Column, EndColumn = at.EndColumn };
    }

    private static PythonFrame Describe(PyCode code) =>
        new(code.Name) { QualifiedName = code.QualifiedName, File = code.File, Unreadable = code.Unreadable };

    /// <summary>Of the process itself it is read between two looks at its marks, so that it is one object's all through.</summary>
    private PyCode? CodeOf(IMemory memory, Address address, ulong print, bool isCopy)
    {
        var key = (address.Value, print);
        if (_codes.TryGetValue(key, out PyCode? known))
            return known;
        PyCode? code = null;
        try
        {
            if (isCopy || _walk.Print(memory, address) == print)
                code = _process.FramesOf(_process.Objects(memory)).Codes.Read(address);
            if (!isCopy && _walk.Print(_process.Glance(), address) != print)
                code = null;
        }
        catch (TargetFault fault) when (fault.Reason is FaultReason.Unmapped or FaultReason.Nonsense or FaultReason.Gone)
        {
            code = null;
        }

        _codes.Add(key, code);
        return code;
    }

    private int? OffsetOf(IMemory memory, PyCode code, ulong instruction)
    {
        if (_walk.InstructionSize == 4)
            return _process.LastInstruction(unchecked((int)instruction));
        long offset = unchecked((long)(instruction - code.Bytecode.Value));
        if (offset >= -2 && offset < code.Length)
            return (int)offset;
        return InCopies(memory, code, instruction);
    }

    /// <summary>Free-threaded builds run a copy of the bytecode for each thread (3.14+): an array of pointers behind its length.</summary>
    private static int? InCopies(IMemory memory, PyCode code, ulong instruction)
    {
        if (code.ThreadLocalBytecode.IsNull || !memory.TryRead(code.ThreadLocalBytecode, out long count))
            return null;
        for (long i = 0; i < Math.Min(count, Limits.PythonThreads); i++)
        {
            if (!memory.TryReadPointer(code.ThreadLocalBytecode + (8 + i * 8), out Address copy))
                return null;
            long offset = unchecked((long)(instruction - copy.Value));
            if (!copy.IsNull && offset >= -2 && offset < code.Length)
                return (int)offset;
        }

        return null;
    }
}
