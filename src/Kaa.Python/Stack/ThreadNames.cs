using Kaa.Formats;
using Kaa.Python.Layout;
using Kaa.Python.Objects;

namespace Kaa.Python.Stack;

/// <summary>
/// Names that Python gave to threads: <c>threading._active</c> is a dict from ident to Thread. Where that dict lies is looked up once for
/// each interpreter, outside of any look.
/// </summary>
internal sealed class ThreadNames(PyLayout layout, ObjectLayout objectLayout)
{
    private readonly Dictionary<Address, Address> _active = [];

    /// <summary>2.7 mangles the attribute's name.</summary>
    private readonly string _attribute = objectLayout.Version.Major == 2 ? "_Thread__name" : "_name";

    /// <summary>Finds the dict of an interpreter; a process that has not imported threading has none yet.</summary>
    public void Locate(IMemory memory, Address interpreter)
    {
        if (_active.ContainsKey(interpreter))
            return;
        try
        {
            var objects = new PyObjects(memory, objectLayout);
            Address modules = memory.ReadPointer(interpreter + layout.Interpreter.modules);
            Address threading = modules.IsNull ? Address.Null : objects.Lookup(modules, "threading");
            Address active = threading.IsNull ? Address.Null : objects.Attribute(threading, "_active");
            if (!active.IsNull)
                _active.Add(interpreter, active);
        }
        catch (TargetFault fault) when (fault.Reason is FaultReason.Unmapped or FaultReason.Nonsense)
        {
            // The dict of modules was being changed: the kernel's names have to do.
        }
    }

    /// <summary>Names by ident; what can't be read is left out.</summary>
    public Dictionary<ulong, string> Read(PyObjects objects, Address interpreter)
    {
        var names = new Dictionary<ulong, string>();
        if (!_active.TryGetValue(interpreter, out Address active))
            return names;
        try
        {
            foreach (DictEntry entry in objects.Dict(active))
            {
                if (names.Count >= Limits.PythonThreads)
                    break;
                Address name = objects.Attribute(entry.Value, _attribute);
                if (objects.TryReadString(name, Limits.ThreadName) is { } text)
                    names[unchecked((ulong)objects.ReadInt64(entry.Key))] = text;
            }
        }
        catch (TargetFault fault) when (fault.Reason != FaultReason.Gone)
        {
            // Being changed while it was read, or the time is up: those that were read count.
        }

        return names;
    }
}
