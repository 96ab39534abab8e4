using Kaa.Formats;
using Kaa.Python.Layout;
using Kaa.Python.Stack;
using Kaa.Python.Waits;
using Kaa.Target;
using Kaa.Target.Unwind;

namespace Kaa.Python.Running;

/// <summary>What one must know of an interpreter and its threads to have it run code.</summary>
public sealed class RunFacts(PythonProcess process, ObservedTarget target, IUnwindSource rules)
{
    private const int Detached = 0; // _Py_THREAD_DETACHED, Include/internal/pycore_pystate.h (3.13+)

    private readonly GilLocator _gils = new(process, target);
    private (Address Start, Address End)? _eval;
    private bool? _namesQueue;

    public PythonProcess Process => process;

    /// <summary>Addresses of exported functions, in the order of the names; the name of the first that is missing otherwise.</summary>
    public IReadOnlyList<Address>? Functions(IReadOnlyList<string> names, out string? missing)
    {
        var found = new List<Address>(names.Count);
        foreach (string name in names)
        {
            if (Find(name) is not { } address)
            {
                missing = name;
                return null;
            }

            found.Add(address);
        }

        missing = null;
        return found;
    }

    /// <summary>The functions in which a thread may hold the lock of the queue of pending calls, as far as they have names.</summary>
    public static bool IsQueues(string name) => name.Contains("pending", StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether all work on that queue is done in <c>_Py_HandlePending</c>, and its name is known (3.12+).</summary>
    public bool NamesQueue => _namesQueue ??= Find("_Py_HandlePending") is not null;

    /// <summary>The object that a variable of the C API points to (<c>PyExc_KeyboardInterrupt</c>); null address where there is none.</summary>
    public Address ObjectOf(string variable) =>
        Find(variable) is { } address && target.Glance().TryReadPointer(address, out Address value) ? value : Address.Null;

    /// <summary>True where the code there is the eval function's own: the thread is between or inside of instructions, in no function that they call.</summary>
    public bool IsInEval(Address rip)
    {
        _eval ??= FindEval();
        return rip >= _eval.Value.Start && rip < _eval.Value.End;
    }

    /// <summary>A thread that sleeps on this word waits for the GIL (or is about to have it): nothing may run in front of that.</summary>
    public bool IsGil(RawThread thread, Address word, IMemory memory) =>
        (_gils.Find(thread, memory) is { } gil && gil.Contains(word)) || (process.Version.Major > 2 && target.Modules.Find(word) == process.Module && process.Module is not null);

    /// <summary>True where the thread has let go of the interpreter, as it does around whatever may block.</summary>
    public bool IsDetached(RawThread thread, IMemory memory)
    {
        if (thread.HoldsGil == true)
            return false;
        int state = process.Layout.Thread.state;
        return state == Offset.Absent ? thread.HoldsGil is not null : memory.TryRead(thread.Address + state, out int value) && value == Detached;
    }

    /// <summary>True where the interpreter lets others ask it to run a script (PEP 768).</summary>
    public bool TakesScripts(RawThread thread, IMemory memory) =>
        process.Layout.RemoteDebug is not null && process.Layout.Interpreter.remote_debug != Offset.Absent
        && memory.TryRead(thread.Interpreter + process.Layout.Interpreter.remote_debug, out int enabled) && enabled == 1;

    /// <summary>True where a thread is in code that a Kaa has begun.</summary>
    public static bool IsInRun(RawThread thread) => thread.Stack is { } stack && stack.Frames.Any(frame => RunSource.IsAround(frame.Code.Name, frame.Code.File));

    private Address? Find(string name)
    {
        if (process.Module is { } own && target.Images.For(own).FindSymbol(name) is { } address)
            return address;
        foreach (Module module in target.Modules.Modules)
        {
            if (target.Images.For(module).FindSymbol(name) is { } found)
                return found;
        }

        return null;
    }

    private (Address Start, Address End) FindEval()
    {
        // CPython 3.6 moved the loop from PyEval_EvalFrameEx to _PyEval_EvalFrameDefault (PEP 523). Both are exported.
        string name = process.Version.Major == 2 ? "PyEval_EvalFrameEx" : "_PyEval_EvalFrameDefault";
        if (Find(name) is not { } address)
            return default;
        try
        {
            return rules.RowsFor(address)?.Find(address) is { } row ? (row.Start, row.End) : default;
        }
        catch (BadData)
        {
            return default;
        }
        catch (TargetFault fault) when (fault.Reason != FaultReason.Gone)
        {
            return default;
        }
    }
}
