namespace Kaa.Recording.Memory;

/// <summary>Which function handed memory out. The numbers are those of the file, and of the agent's events: five bits.</summary>
public enum AllocatorKind : byte
{
    Unknown = 0,
    Malloc = 1,
    Calloc = 2,
    Realloc = 3,
    PosixMemalign = 4,
    AlignedAlloc = 5,
    Memalign = 6,
    Valloc = 7,
    Pvalloc = 8,
    Mmap = 9,
    Mremap = 10,

    /// <summary>mmap with MAP_STACK: address space for a thread's stack, of which as a rule a few pages are used.</summary>
    ThreadStack = 11,
    New = 12,
    NewArray = 13,
    RawMalloc = 16,
    RawCalloc = 17,
    RawRealloc = 18,
    MemMalloc = 19,
    MemCalloc = 20,
    MemRealloc = 21,
    ObjectMalloc = 22,
    ObjectCalloc = 23,
    ObjectRealloc = 24,
}

public static class AllocatorKinds
{
    /// <summary>Values are below this.</summary>
    public const int Count = 32;

    /// <summary>Its size is that of an address range, and says little of memory: it is told apart from the others, and counts for none of their sums.</summary>
    public static bool IsReserved(this AllocatorKind kind) => kind == AllocatorKind.ThreadStack;

    /// <summary>As the function is called in C.</summary>
    public static string Name(this AllocatorKind kind) => kind switch
    {
        AllocatorKind.Malloc => "malloc",
        AllocatorKind.Calloc => "calloc",
        AllocatorKind.Realloc => "realloc",
        AllocatorKind.PosixMemalign => "posix_memalign",
        AllocatorKind.AlignedAlloc => "aligned_alloc",
        AllocatorKind.Memalign => "memalign",
        AllocatorKind.Valloc => "valloc",
        AllocatorKind.Pvalloc => "pvalloc",
        AllocatorKind.Mmap => "mmap",
        AllocatorKind.Mremap => "mremap",
        AllocatorKind.ThreadStack => "thread-stack",
        AllocatorKind.New => "operator new",
        AllocatorKind.NewArray => "operator new[]",
        AllocatorKind.RawMalloc => "PyMem_RawMalloc",
        AllocatorKind.RawCalloc => "PyMem_RawCalloc",
        AllocatorKind.RawRealloc => "PyMem_RawRealloc",
        AllocatorKind.MemMalloc => "PyMem_Malloc",
        AllocatorKind.MemCalloc => "PyMem_Calloc",
        AllocatorKind.MemRealloc => "PyMem_Realloc",
        AllocatorKind.ObjectMalloc => "PyObject_Malloc",
        AllocatorKind.ObjectCalloc => "PyObject_Calloc",
        AllocatorKind.ObjectRealloc => "PyObject_Realloc",
        _ => "unknown",
    };
}
