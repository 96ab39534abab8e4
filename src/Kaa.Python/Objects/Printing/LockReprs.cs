using System.Globalization;
using Kaa.Formats;
using Kaa.Python.Layout;

namespace Kaa.Python.Objects.Printing;

/// <summary>threading.Lock and RLock (Modules/_threadmodule.c).</summary>
internal static class LockReprs
{
    public static void Lock(Repr repr, Address instance, PyType type)
    {
        byte locked = repr.Objects.Memory.Read<byte>(instance + repr.Objects.Layout.lockobject.locked);
        repr.Out.Write($"<{State((locked & 1) != 0)} {type.Name} object at {instance}>");
    }

    public static void RLock(Repr repr, Address instance, PyType type)
    {
        IMemory memory = repr.Objects.Memory;
        LockFields f = repr.Objects.Layout.lockobject;
        ulong owner = memory.Read<ulong>(instance + f.rlock_owner);
        ulong count = memory.Read<ulong>(instance + f.rlock_count);
        if (f.rlock_mutex != ObjectLayout.Absent)
            count = (memory.Read<byte>(instance + f.rlock_mutex) & 1) != 0 ? unchecked(count + 1) : 0;
        string text = string.Create(
            CultureInfo.InvariantCulture, $"<{State(count != 0)} {type.Name} object owner={owner} count={count} at {instance}>");
        repr.Out.Write(text);
    }

    private static string State(bool locked) => locked ? "locked" : "unlocked";
}
