using Kaa.Formats;
using Kaa.Formats.ProcText;
using Kaa.Recording.Memory;
using Kaa.Target;

namespace Kaa.Control.Memory;

/// <summary>enum kaa_function of agent/memory.h.</summary>
public enum WrappedFunction : uint
{
    Malloc = 1,
    Calloc,
    Realloc,
    Free,
    PosixMemalign,
    Aligned,
    Mmap,
    Munmap,
    Mremap,

    /// <summary>Nothing is told of it: munmap, where only CPython is recorded.</summary>
    ChunkGone,

    /// <summary>Besides: only samples are recorded.</summary>
    Sampled = 0x100,
}

/// <summary>A function that hands out memory, or takes it back.</summary>
public sealed record AllocatorFunction(Address Address, WrappedFunction Kind, AllocatorKind Allocator, string Name, string Module);

/// <summary>Where a process's allocators begin: every module that defines them, as any of them may be the one that is called.</summary>
internal static class AllocatorFunctions
{
    private static readonly (string Name, WrappedFunction Kind, AllocatorKind Allocator)[] s_system =
    [
        ("malloc", WrappedFunction.Malloc, AllocatorKind.Malloc),
        ("calloc", WrappedFunction.Calloc, AllocatorKind.Calloc),
        ("realloc", WrappedFunction.Realloc, AllocatorKind.Realloc),
        ("free", WrappedFunction.Free, AllocatorKind.Unknown),
        ("cfree", WrappedFunction.Free, AllocatorKind.Unknown),
        ("posix_memalign", WrappedFunction.PosixMemalign, AllocatorKind.PosixMemalign),
        ("memalign", WrappedFunction.Aligned, AllocatorKind.Memalign),
        ("aligned_alloc", WrappedFunction.Aligned, AllocatorKind.AlignedAlloc),
        ("valloc", WrappedFunction.Malloc, AllocatorKind.Valloc),
        ("pvalloc", WrappedFunction.Malloc, AllocatorKind.Pvalloc),
        ("mmap", WrappedFunction.Mmap, AllocatorKind.Mmap),
        ("mmap64", WrappedFunction.Mmap, AllocatorKind.Mmap),
        ("munmap", WrappedFunction.Munmap, AllocatorKind.Unknown),
        ("mremap", WrappedFunction.Mremap, AllocatorKind.Mremap),
    ];

    // 2.7 has no tables to change.
    private static readonly (string Name, WrappedFunction Kind, AllocatorKind Allocator)[] s_entries =
    [
        ("PyObject_Malloc", WrappedFunction.Malloc, AllocatorKind.ObjectMalloc),
        ("PyObject_Realloc", WrappedFunction.Realloc, AllocatorKind.ObjectRealloc),
        ("PyObject_Free", WrappedFunction.Free, AllocatorKind.Unknown),
        ("PyMem_Malloc", WrappedFunction.Malloc, AllocatorKind.MemMalloc),
        ("PyMem_Realloc", WrappedFunction.Realloc, AllocatorKind.MemRealloc),
        ("PyMem_Free", WrappedFunction.Free, AllocatorKind.Unknown),
    ];

    private static readonly (string Name, WrappedFunction Kind, AllocatorKind Allocator)[] s_chunks = [("munmap", WrappedFunction.ChunkGone, AllocatorKind.Unknown)];

    /// <summary>Of the C library and its like.</summary>
    public static List<AllocatorFunction> Find(ObservedTarget target) => Find(target, s_system);

    /// <summary>CPython's own, where it has no tables.</summary>
    public static List<AllocatorFunction> FindPython(ObservedTarget target) => Find(target, s_entries);

    /// <summary>By what CPython gives back memory in which frames lie.</summary>
    public static List<AllocatorFunction> FindChunks(ObservedTarget target) => Find(target, s_chunks);

    /// <summary>
    /// Libraries with an operator new of their own beside their malloc, which may not call it (jemalloc, tcmalloc, mimalloc). It is not wrapped: an exception that it throws could not pass by the agent.
    /// </summary>
    public static List<string> FindOwnNew(ObservedTarget target)
    {
        var found = new List<string>();
        foreach (Module module in target.Modules.Modules)
        {
            if (target.Images.For(module).FindSymbol("_Znwm") is { } address && target.Images.For(module).FindSymbol("malloc") is { } other && IsCode(target, address) && IsCode(target, other))
                found.Add(module.FileName);
        }

        return found;
    }

    /// <summary>Each address once, by the first of its names.</summary>
    private static List<AllocatorFunction> Find(ObservedTarget target, (string Name, WrappedFunction Kind, AllocatorKind Allocator)[] wanted)
    {
        var found = new List<AllocatorFunction>();
        var known = new HashSet<Address>();
        foreach (Module module in target.Modules.Modules)
        {
            // The dynamic linker has allocators of its own, for the time before the C library's are there.
            if (module.FileName.StartsWith("ld-linux", StringComparison.Ordinal))
                continue;
            foreach ((string name, WrappedFunction kind, AllocatorKind allocator) in wanted)
            {
                if (target.Images.For(module).FindSymbol(name) is { } address && IsCode(target, address) && known.Add(address))
                    found.Add(new AllocatorFunction(address, kind, allocator, name, module.Path));
            }
        }

        return found;
    }

    private static bool IsCode(ObservedTarget target, Address address) => target.Modules.FindMapping(address) is { } mapping && mapping.Can(MappingAccess.Execute);
}
