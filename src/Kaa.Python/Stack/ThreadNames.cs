using Kaa.Formats;
using Kaa.Python.Layout;
using Kaa.Python.Objects;

namespace Kaa.Python.Stack;

/// <summary>The names that Python gave its threads: <c>threading._active</c>, a dict from ident to Thread, of each interpreter.</summary>
internal sealed class ThreadNames(PyObjects objects, PyLayout layout)
{
    private readonly Dictionary<Address, Dictionary<ulong, string>> _names = [];

    /// <summary>Null where the thread was not started through <c>threading</c>, or never asked it for itself.</summary>
    public string? Find(Address interpreter, ulong ident)
    {
        if (!_names.TryGetValue(interpreter, out Dictionary<ulong, string>? names))
        {
            names = [];
            _names.Add(interpreter, names);
            Collect(interpreter, names);
        }

        return names.GetValueOrDefault(ident);
    }

    private void Collect(Address interpreter, Dictionary<ulong, string> names)
    {
        try
        {
            Address modules = objects.PointerAt(interpreter, layout.Interpreter.modules);
            Address threading = modules.IsNull ? Address.Null : objects.Lookup(modules, "threading");
            if (threading.IsNull)
                return;

            // PyModuleObject.md_dict is the first field behind the head, in every version (Objects/moduleobject.c).
            Address active = objects.Lookup(objects.PointerAt(threading, objects.Layout.PyObject.size), "_active");
            if (active.IsNull)
                return;
            foreach (DictEntry entry in objects.Dict(active))
                Add(entry, names);
        }
        catch (TargetFault fault) when (fault.Reason is FaultReason.Unmapped or FaultReason.Nonsense)
        {
            // Names are an extra: those that were found so far are good.
        }
    }

    private void Add(DictEntry entry, Dictionary<ulong, string> names)
    {
        Address name = objects.Attribute(entry.Value, objects.Layout.Version.Major == 2 ? "_Thread__name" : "_name");
        if (objects.TryReadString(name, Limits.ThreadName) is { } text && names.Count < Limits.PythonThreads)
            names.TryAdd(unchecked((ulong)objects.ReadInt64(entry.Key)), text);
    }
}
