using Kaa.Formats;
using Kaa.Python.Layout;
using Kaa.Python.Objects;

namespace Kaa.Python.Stack;

/// <summary>
/// Names that Python gave to threads: <c>threading._active</c> is a dict from ident to Thread. Where that dict lies is looked up once for
/// each interpreter, outside of any look.
/// </summary>
internal sealed class ThreadNames(PyLayout layout, ObjectLayout objectLayout, StringHash? hash)
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
            var objects = new PyObjects(memory, objectLayout, hash);
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

    /// <summary>
    /// A number that changes when the dict of an interpreter does: its count, its table, and how much of that is in use. 0 where there is none.
    /// </summary>
    public ulong Version(IMemory memory, Address interpreter)
    {
        if (!_active.TryGetValue(interpreter, out Address active))
            return 0;
        var version = new HashCode();
        PyDictFields dict = objectLayout.PyDictObject;
        Address table = Word(memory, active, dict.ma_keys != ObjectLayout.Absent ? dict.ma_keys : dict.ma_table);
        version.Add(table);
        version.Add(Word(memory, active, dict.ma_used));
        // 2.7's ma_fill, in front of ma_used; since 3.6 dk_nentries.
        version.Add(dict.ma_keys != ObjectLayout.Absent
            ? Word(memory, table, objectLayout.PyDictKeysObject.dk_nentries)
            : Word(memory, active, dict.ma_used - 8));
        return unchecked((uint)version.ToHashCode()) | 1UL << 32;
    }

    private static Address Word(IMemory memory, Address at, int offset) =>
        memory.TryReadPointer(at + offset, out Address word) ? word : Address.Null;

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
                ReadOne(objects, entry, names);
            }
        }
        catch (TargetFault fault) when (fault.Reason != FaultReason.Gone)
        {
            // Being changed while it was read, or the time is up: those that were read count.
        }

        return names;
    }

    /// <summary>One that has just ended may be no Thread any more; the others are.</summary>
    private void ReadOne(PyObjects objects, DictEntry entry, Dictionary<ulong, string> names)
    {
        try
        {
            Address name = objects.Attribute(entry.Value, _attribute);
            if (objects.TryReadString(name, Limits.ThreadName) is { } text)
                names[unchecked((ulong)objects.ReadInt64(entry.Key))] = text;
        }
        catch (TargetFault fault) when (fault.Reason is FaultReason.Unmapped or FaultReason.Nonsense)
        {
        }
    }
}
