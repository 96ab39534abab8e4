using Kaa.Formats;
using Kaa.Target;

namespace Kaa.Python.Stack;

/// <summary>
/// The kernel's id of a Python thread. Since 3.11 the thread state has it. Before, there is only the <c>pthread_t</c>, which is the address of
/// the C library's <c>struct pthread</c>; where the tid lies in that is no one's promise, so it is found by proof and kept for the process.
/// </summary>
internal sealed class ThreadIds
{
    /// <summary>x86-64: glibc 2.17–2.43 (feasibility study: fs:0x2d0), musl 1.2 and 1.1.</summary>
    private static readonly int[] s_usualOffsets = [0x2d0, 0x30, 0x38];

    /// <summary>How much of a <c>struct pthread</c> is searched.</summary>
    private const int SearchLength = 0x900;

    private int? _offset;

    /// <summary>Tid as the host sees it, by tid as the target does.</summary>
    public static Dictionary<int, int> ByNamespace(IReadOnlyList<TargetThread> threads)
    {
        var result = new Dictionary<int, int>(threads.Count);
        foreach (TargetThread thread in threads)
            result[thread.NamespaceTid] = thread.Tid;
        return result;
    }

    /// <summary>Tid by <c>pthread_t</c>, where registers tell it: the surest way, since it does not depend on pid namespaces.</summary>
    public static Dictionary<ulong, int> ByPointer(IReadOnlyList<TargetThread> threads)
    {
        var result = new Dictionary<ulong, int>();
        foreach (TargetThread thread in threads)
        {
            if (thread.ThreadPointer is { } pointer)
                result[pointer.Value] = thread.Tid;
        }

        return result;
    }

    /// <summary>Learns where the tid lies, from all threads together: at that offset they have tids of this process.</summary>
    public void Learn(IMemory memory, IReadOnlyList<ulong> pthreads, Dictionary<int, int> tids)
    {
        if (_offset is not null || pthreads.Count == 0)
            return;
        foreach (int offset in s_usualOffsets)
        {
            // The kernel clears it when the thread ends (CLONE_CHILD_CLEARTID): of two threads the first may have left by pthread_exit.
            if (Agrees(memory, pthreads, tids, offset, mayBeCleared: true))
            {
                _offset = offset;
                return;
            }
        }

        Search(memory, pthreads, tids);
    }

    /// <summary>Null where it can't be told.</summary>
    /// <param name="native"><c>native_thread_id</c>, or 0.</param>
    public int? Find(IMemory memory, ulong native, ulong pthread, Dictionary<int, int> tids)
    {
        if (native is > 0 and <= int.MaxValue && tids.TryGetValue((int)native, out int tid))
            return tid;
        if (_offset is { } offset && pthread != 0 && memory.TryRead(new Address(pthread) + offset, out int inside) && tids.TryGetValue(inside, out tid))
            return tid;
        return null;
    }

    private void Search(IMemory memory, IReadOnlyList<ulong> pthreads, Dictionary<int, int> tids)
    {
        byte[] bytes = new byte[SearchLength];
        int got = memory.Read(new Address(pthreads[0]), bytes);
        for (int offset = 0; offset + sizeof(int) <= got; offset += sizeof(int))
        {
            if (tids.ContainsKey(BitConverter.ToInt32(bytes, offset)) && Agrees(memory, pthreads, tids, offset, mayBeCleared: false))
            {
                _offset = offset;
                return;
            }
        }
    }

    /// <summary>Most must agree, no two be the same; a thread that has just ended, or that fork left behind, has no tid any more.</summary>
    /// <param name="mayBeCleared">Those that have 0 there are not asked.</param>
    private static bool Agrees(IMemory memory, IReadOnlyList<ulong> pthreads, Dictionary<int, int> tids, int offset, bool mayBeCleared)
    {
        var seen = new HashSet<int>();
        int asked = pthreads.Count;
        foreach (ulong pthread in pthreads)
        {
            if (!memory.TryRead(new Address(pthread) + offset, out int tid))
                continue;
            if (tid == 0 && mayBeCleared)
                asked--;
            else if (tids.ContainsKey(tid) && !seen.Add(tid))
                return false;
        }

        return seen.Count * 2 > asked;
    }
}
