using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Kaa.Formats;
using Kaa.Formats.Elf;
using Kaa.Formats.ProcText;
using Kaa.Linux.Proc;
using Kaa.Python;
using Kaa.Python.Stack;
using Kaa.Target;

namespace Kaa.Control.Agent;

/// <summary>
/// Where, behind a thread's pointer (fs), the C library and CPython keep what tells who the thread is: the same offset in every thread, so it is found by comparing all that are
/// known. Nothing has to be known of the library for that.
/// </summary>
internal static class ThreadWords
{
    // Thread-local data lies below the pointer, the C library's own structure from it on.
    private const int Below = 8192;
    private const int Above = 0x900;
    private const int MostTidOffset = 0x400;

    /// <summary>Offset of the word that points to the thread's own <c>PyThreadState</c>; negative where it may be null (the thread has no GIL), null where there is none (2.7), or no thread yet.</summary>
    /// <param name="target">Whose modules tell how far below the pointer there may be thread-local data.</param>
    public static int? FindState(PythonProcess python, LookAtThreads look, int pid, ObservedTarget target)
    {
        var own = new Dictionary<ulong, HashSet<ulong>>();
        bool hasMain = look.IsAlone;
        foreach (RawThread thread in look.Threads)
        {
            if (thread.Ident == 0)
                continue;
            hasMain |= thread.Tid == pid;
            if (!own.TryGetValue(thread.Ident, out HashSet<ulong>? states))
                own[thread.Ident] = states = [];
            states.Add(thread.Address.Value);
        }

        // A program that has just begun: nothing can be compared, so anything would do.
        if (own.Count == 0)
            return null;
        int[] matches = new int[(Below + Above) / 8];
        bool[] isWrong = new bool[matches.Length];
        byte[] bytes = new byte[Below + Above];
        foreach ((ulong pointer, HashSet<ulong> states) in own)
            Compare(python.ReadMemory(), pointer, states, bytes, matches, isWrong);

        // What is null in some threads belongs to those that hold the GIL, or is no such word at all: below the pointer of any thread but the first lies its stack,
        // on which a state's address may stand at the same place in all that were started alike. In the next thread something else stands there.
        bool IsFound(int i) => !isWrong[i] && matches[i] == own.Count;
        for (int i = matches.Length - 1; i * 8 >= Below; i--)
        {
            if (IsFound(i))
                return i * 8 - Below;
        }

        // musl has further down, in data of its own, what the first thread alone has: only what lies in the modules' thread-local data is the same in all.
        int? reach = null;
        for (int i = 0; hasMain && i * 8 < Below; i++)
        {
            if (IsFound(i) && i * 8 >= Below - (reach ??= ThreadLocalBytes(target)))
                return i * 8 - Below;
        }

        return null;
    }

    /// <summary>Most bytes that the thread-local data of all modules can take right below the pointer (ELF handling for thread-local storage, 3.4.6).</summary>
    private static int ThreadLocalBytes(ObservedTarget target)
    {
        ulong sum = 0;
        foreach (Module module in target.Modules.Modules)
        {
            foreach (ElfProgramHeader header in target.Images.For(module).Elf?.ProgramHeaders ?? [])
            {
                if (header.Type == ElfSegmentType.ThreadLocal)
                    sum += Math.Min(header.MemorySize, Below) + Math.Min(header.Alignment, Below);
            }
        }

        return (int)Math.Min(sum, Below);
    }

    private static void Compare(IMemory memory, ulong pointer, HashSet<ulong> states, byte[] bytes, int[] matches, bool[] isWrong)
    {
        // What lies further below or above may be another mapping, or none: musl's first thread has its words in the C library's last page.
        int missing = 0;
        while (missing < Below && !memory.TryReadExactly(new Address(pointer - Below + (ulong)missing), bytes.AsSpan(missing, Below - missing)))
            missing += 4096 - (int)((pointer - Below + (ulong)missing) & 4095);
        int above = memory.Read(new Address(pointer), bytes.AsSpan(Below));
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(bytes);
        for (int i = 0; i < matches.Length; i++)
        {
            if (i * 8 < Math.Min(missing, Below) || (i + 1) * 8 > Below + above)
                isWrong[i] = true;
            else if (states.Contains(words[i]))
                matches[i]++;
            else if (words[i] != 0)
                isWrong[i] = true;
        }
    }

    /// <summary>Offset of the C library's copy of the thread's id, as the process's own pid namespace has it; 0 where there is none.</summary>
    /// <param name="ids">Thread pointer and id of each thread that is known.</param>
    public static int FindTid(IMemory memory, IReadOnlyList<(ulong Pointer, int Tid)> ids)
    {
        if (ids.Count == 0)
            return 0;
        byte[] bytes = new byte[MostTidOffset];
        bool[] isWrong = new bool[MostTidOffset / 4];
        foreach ((ulong pointer, int tid) in ids)
        {
            if (!memory.TryReadExactly(new Address(pointer), bytes))
                return 0;
            for (int i = 0; i < isWrong.Length; i++)
                isWrong[i] |= BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(i * 4)) != tid;
        }

        int found = Array.IndexOf(isWrong, false);
        return found < 0 ? 0 : found * 4;
    }
}

/// <summary>CPython's threads, and what the kernel calls them.</summary>
internal sealed class LookAtThreads
{
    private LookAtThreads(IReadOnlyList<RawThread> threads, bool isAlone)
    {
        Threads = threads;
        IsAlone = isAlone;
    }

    public IReadOnlyList<RawThread> Threads { get; }

    /// <summary>The process has one thread only: of an interpreter that sets itself up it may not be known yet which one it is.</summary>
    public bool IsAlone { get; }

    /// <summary>Nobody is stopped, so a list that is just being changed is read again.</summary>
    public static LookAtThreads Take(PythonProcess python, TaskDirectory tasks)
    {
        const int Attempts = 5;
        var tids = new List<int>();
        RawThreads raw = new([], null);
        for (int i = 0; i < Attempts; i++)
        {
            tids.Clear();
            _ = tasks.List(tids);
            var threads = new List<TargetThread>(tids.Count);
            foreach (int tid in tids)
                threads.Add(new TargetThread { Tid = tid, NamespaceTid = InNamespace(tasks, tid) });
            raw = python.ReadThreads(new Look(python.ReadMemory(), threads, new HashSet<int>(), 0));
            if (raw.Torn is null)
                break;
        }

        return new LookAtThreads(raw.Threads, tids.Count == 1);
    }

    /// <summary>Thread pointers and ids; a thread's ident is its pointer.</summary>
    public List<(ulong Pointer, int Tid)> Ids(TaskDirectory tasks)
    {
        var ids = new List<(ulong, int)>();
        foreach (RawThread thread in Threads)
        {
            if (thread is { Ident: not 0, Tid: { } tid })
                ids.Add((thread.Ident, InNamespace(tasks, tid)));
        }

        return ids;
    }

    private static int InNamespace(TaskDirectory tasks, int tid) => tasks.Status(tid)?.NamespacePids is [.., var inner] ? inner : tid;
}
