using Kaa.Formats;
using Kaa.Python.Layout;
using Kaa.Python.Objects;
using Kaa.Python.Tasks;
using Kaa.Results;
using Kaa.Target;

namespace Kaa.Python.Stack;

public sealed record StackOptions
{
    /// <summary>Reads the locals of each frame while they can't be freed; null for none.</summary>
    public IFrameLocals? Locals { get; init; }

    /// <summary>Names the C function that the innermost Python frame is in, where that can be known.</summary>
    public bool Builtins { get; init; } = true;

    /// <summary>Called for each thread that is read, while it stands still: what waits for what.</summary>
    public IReadOnlyList<IThreadInspector> Inspectors { get; init; } = [];

    /// <summary>Reads tasks once all stacks were read; null where they were not asked for.</summary>
    public TaskInspector? Tasks { get; init; }
}

/// <summary>A frame, and what is needed to read what it refers to. Valid during the look only.</summary>
/// <param name="Layout">Where the frame has its slots: <see cref="PyLayout.LocalsPlus"/>.</param>
public readonly record struct FrameAtLook(RawFrame Frame, PyLayout Layout, PyObjects Objects, ulong StackRefTags)
{
    /// <summary>First slot for locals, cells and free variables; the value stack follows (up to 3.10: not at once).</summary>
    public Address LocalsPlus => Frame.Address + Layout.LocalsPlus;

    /// <summary>The names and kinds of the slots.</summary>
    /// <exception cref="TargetFault">The code object does not tell.</exception>
    public IReadOnlyList<CodeVariable> Variables => Frame.Code.Variables ??= CodeVariables.Read(Frame.Code, Layout.Code, Objects);

    /// <summary>The object in a slot; null address where it is unbound or holds no object (3.14+: a tagged int).</summary>
    /// <exception cref="TargetFault">The slot can't be read.</exception>
    public Address Slot(int index)
    {
        ulong reference = Objects.Memory.ReadPointer(LocalsPlus + (index * 8L)).Value;
        return StackRefTags != 0 && (reference & StackRefTags) == StackRefTags ? Address.Null : new Address(reference & ~StackRefTags);
    }

    /// <summary><c>f_locals</c> as it lies in the frame: for modules, class bodies and <c>exec</c> their namespace; null address where there is none.</summary>
    public Address Namespace => Objects.Memory.ReadPointer(Frame.Address + Layout.FrameNamespace);

    /// <summary><c>f_globals</c>.</summary>
    public Address Globals => Objects.Memory.ReadPointer(Frame.Address + Layout.FrameGlobals);
}

/// <summary>Reads a frame's variables.</summary>
public interface IFrameLocals
{
    /// <summary>Called during the look. What can't be read is a variable that says why; only the end of the whole look is thrown.</summary>
    IReadOnlyList<LocalVariable> Read(FrameAtLook frame);
}

/// <summary>Reads something more of a thread.</summary>
public interface IThreadInspector
{
    /// <summary>Called during the look, for each thread whose stack was read, in each pass; a later one replaces an earlier.</summary>
    void Inspect(Look look, RawThread thread, PyObjects objects);
}
