using System.Runtime.InteropServices;
using Kaa.Formats;
using Kaa.Target;

namespace Kaa.Python.Tasks;

/// <summary>
/// <c>Py_AsyncioModuleDebugOffsets</c> (3.14+, Modules/_asynciomodule.c), which the module keeps in a section of its own: where interpreters and threads
/// have their lists of tasks. It comes from the target's memory, so it is checked against what is known of its version.
/// </summary>
/// <param name="InterpreterTasks">From a <c>PyInterpreterState</c> to the list of tasks whose thread is gone.</param>
/// <param name="ThreadTasks">From a <c>PyThreadState</c> to the list of its tasks.</param>
/// <param name="RunningLoop">From a <c>PyThreadState</c> to the loop that it runs.</param>
internal sealed record AsyncioDebug(int InterpreterTasks, int ThreadTasks, int RunningLoop)
{
    // Thirteen words: size, name, awaited_by, is_task, awaited_by_is_set, coro, node of a task; size, tasks_head of the interpreter; size, running_loop,
    // running_task, tasks_head of a thread.
    private const int Words = 13;
    private const int LargestInterpreter = 16 << 20;
    private const int LargestThread = 64 << 10;
    private const int ChunkSize = 64 << 10;

    /// <summary>Null where there is none: the version has none, or asyncio was not imported.</summary>
    public static AsyncioDebug? Find(ObservedTarget target, Module? interpreter, AsyncioLayout layout)
    {
        foreach (Module module in Candidates(target, interpreter))
        {
            ModuleImage image = target.Images.For(module);
            if (image.FindSection(".AsyncioDebug") is { } section && Read(target.Constants, section.Start, layout) is { } found)
                return found;
            if (Scan(image, target.Constants, layout) is { } scanned)
                return scanned;
        }

        return null;
    }

    /// <summary>The module is a library of its own, or linked into the interpreter.</summary>
    internal static IEnumerable<Module> Candidates(ObservedTarget target, Module? interpreter)
    {
        foreach (Module module in target.Modules.Modules)
        {
            if (module.FileName.StartsWith("_asyncio", StringComparison.Ordinal))
                yield return module;
        }

        if (interpreter is not null)
            yield return interpreter;
    }

    private static AsyncioDebug? Read(IMemory memory, Address address, AsyncioLayout layout)
    {
        Span<byte> bytes = stackalloc byte[Words * 8];
        return memory.TryReadExactly(address, bytes) ? Decode(MemoryMarshal.Cast<byte, ulong>(bytes), layout) : null;
    }

    /// <summary>Where no file tells of sections: the table begins with numbers that are known.</summary>
    private static AsyncioDebug? Scan(ModuleImage image, IMemory memory, AsyncioLayout layout)
    {
        byte[] buffer = new byte[ChunkSize + (Words * 8)];
        foreach ((Address start, ulong size) in image.WritableRanges)
        {
            for (ulong done = 0; done < size; done += ChunkSize)
            {
                int got = memory.Read(start + done, buffer.AsSpan(0, (int)Math.Min((ulong)buffer.Length, size - done)));
                if (Search(MemoryMarshal.Cast<byte, ulong>(buffer.AsSpan(0, got & ~7)), layout) is { } found)
                    return found;
            }
        }

        return null;
    }

    private static AsyncioDebug? Search(ReadOnlySpan<ulong> words, AsyncioLayout layout)
    {
        for (int at = 0; at + Words <= words.Length; at++)
        {
            if (words[at + 1] == (ulong)layout.task_name && Decode(words[at..], layout) is { } found)
                return found;
        }

        return null;
    }

    private static AsyncioDebug? Decode(ReadOnlySpan<ulong> words, AsyncioLayout layout)
    {
        bool known = words[1] == (ulong)layout.task_name && words[2] == (ulong)layout.fut_awaited_by && words[4] == (ulong)layout.fut_awaited_by_is_set
            && words[5] == (ulong)layout.task_coro && words[6] == (ulong)layout.task_node;
        bool possible = words[7] < LargestInterpreter && words[8] < words[7] && words[9] < LargestThread && words[10] < words[9] && words[12] < words[9];
        return known && possible ? new AsyncioDebug((int)words[8], (int)words[12], (int)words[10]) : null;
    }
}
