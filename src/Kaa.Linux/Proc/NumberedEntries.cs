using System.Buffers.Binary;
using System.Buffers.Text;
using Kaa.Formats;
using Kaa.Linux.Calls;

namespace Kaa.Linux.Proc;

/// <summary>The entries of a directory whose names are numbers: processes in /proc, threads in /proc/PID/task.</summary>
internal static unsafe class NumberedEntries
{
    /// <summary>Adds them in the kernel's order, from the start of the directory.</summary>
    /// <exception cref="BadData">More than <see cref="Limits.KernelThreads"/>.</exception>
    public static void Add(int directory, byte[] buffer, List<int> numbers)
    {
        _ = Libc.Seek(directory, 0, 0);
        while (true)
        {
            nint length;
            fixed (byte* bytes = buffer)
                length = Libc.SystemCall(OpenFlags.GetDirectoryEntries, directory, (nint)bytes, buffer.Length, 0);
            if (length <= 0)
                return;
            Parse(buffer.AsSpan(0, (int)length), numbers);
            if (numbers.Count > Limits.KernelThreads)
                throw new BadData("/proc", 0, $"at most {Limits.KernelThreads} entries");
        }
    }

    private static void Parse(ReadOnlySpan<byte> entries, List<int> numbers)
    {
        // struct linux_dirent64 (getdents64(2)): inode 8, offset 8, record length 2, type 1, name.
        while (entries.Length > 19)
        {
            int length = BinaryPrimitives.ReadUInt16LittleEndian(entries[16..]);
            if (Utf8Parser.TryParse(entries[19..], out int number, out int digits) && entries[19 + digits] == 0)
                numbers.Add(number);
            entries = length is > 19 && length <= entries.Length ? entries[length..] : [];
        }
    }
}
