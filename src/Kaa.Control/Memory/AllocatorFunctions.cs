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

    /// <summary>C++: it throws where there is no memory.</summary>
    New,
    NewAligned,

    /// <summary>Besides: only samples are recorded.</summary>
    Sampled = 0x100,
}

/// <summary>A function that hands out memory, or takes it back.</summary>
public sealed record AllocatorFunction(Address Address, WrappedFunction Kind, AllocatorKind Allocator, string Name, string Module)
{
    /// <summary>Of one that throws: its sister, which gives null instead.</summary>
    public Address Sister { get; init; }
}

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
    public static List<AllocatorFunction> Find(ObservedTarget target)
    {
        List<AllocatorFunction> found = Find(target, s_system);
        CxxAllocators.Add(target, found);
        return found;
    }

    /// <summary>CPython's own, where it has no tables.</summary>
    public static List<AllocatorFunction> FindPython(ObservedTarget target) => Find(target, s_entries);

    /// <summary>By what CPython gives back memory in which frames lie.</summary>
    public static List<AllocatorFunction> FindChunks(ObservedTarget target) => Find(target, s_chunks);

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
                if (FindCode(target, module, name) is { } address && known.Add(address))
                    found.Add(new AllocatorFunction(address, kind, allocator, name, module.Path));
            }
        }

        return found;
    }

    public static Address? FindCode(ObservedTarget target, Module module, string name) =>
        target.Images.For(module).FindSymbol(name) is { } address && target.Modules.FindMapping(address) is { } mapping && mapping.Can(MappingAccess.Execute) ? address : null;
}
