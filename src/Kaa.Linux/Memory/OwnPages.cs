using Kaa.Linux.Calls;

namespace Kaa.Linux.Memory;

internal static unsafe class OwnPages
{
    private const int PopulateWrite = 23; // MADV_POPULATE_WRITE, Linux 5.14
    private const nuint PageSize = 4096;

    /// <summary>
    /// Has the kernel give us the pages of a new buffer in one go. One by one each costs a fault of up to 2 µs in a virtual machine, which was a
    /// third of the time of a look. Older kernels refuse, and give them one by one.
    /// </summary>
    public static void Populate(Memory<byte> buffer)
    {
        fixed (byte* bytes = buffer.Span)
        {
            nuint start = ((nuint)bytes + PageSize - 1) & ~(PageSize - 1);
            nuint end = ((nuint)bytes + (nuint)buffer.Length) & ~(PageSize - 1);
            if (end > start)
                _ = Libc.MAdvise((void*)start, end - start, PopulateWrite);
        }
    }
}
