using System.Runtime.InteropServices;

namespace Kaa.Linux.Calls;

/// <summary>struct iovec.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct IoVector
{
    public ulong Base;
    public nuint Length;
}

/// <summary>struct pollfd.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct PollEntry
{
    public const short Readable = 1; // POLLIN
    public const short Writable = 4; // POLLOUT

    public int Descriptor;
    public short Events;
    public short Happened;
}

/// <summary>struct timespec of a 64-bit system.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct TimeSpec
{
    public long Seconds;
    public long Nanoseconds;

    public readonly double TotalSeconds => Seconds + Nanoseconds / 1e9;
}

/// <summary>struct statx_timestamp.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FileTime
{
    public long Seconds;
    public uint Nanoseconds;
    public int Reserved;
}

/// <summary>struct statx (include/uapi/linux/stat.h), the same on every architecture; since Linux 4.11.</summary>
[StructLayout(LayoutKind.Sequential, Size = 256)]
internal struct FileStatus
{
    public const uint BasicMask = 0x7ff; // STATX_BASIC_STATS

    private const ushort TypeMask = 0xf000; // S_IFMT
    private const ushort RegularType = 0x8000; // S_IFREG
    private const ushort LinkType = 0xa000; // S_IFLNK
    private const ushort DirectoryType = 0x4000; // S_IFDIR

    public uint Mask;
    public uint BlockSize;
    public ulong Attributes;
    public uint Links;
    public uint User;
    public uint Group;
    public ushort Mode;
    public ushort Spare;
    public ulong Inode;
    public ulong Size;
    public ulong Blocks;
    public ulong AttributesMask;
    public FileTime Accessed;
    public FileTime Created;
    public FileTime Changed;
    public FileTime Modified;
    public uint DeviceTypeMajor;
    public uint DeviceTypeMinor;
    public uint DeviceMajor;
    public uint DeviceMinor;

    public readonly bool IsRegular => (Mode & TypeMask) == RegularType;

    public readonly bool IsLink => (Mode & TypeMask) == LinkType;

    public readonly bool IsDirectory => (Mode & TypeMask) == DirectoryType;

    /// <summary>As <see cref="Kaa.Formats.ProcText.Mapping.Device"/> packs it.</summary>
    public readonly ulong Device => (ulong)DeviceMajor << 20 | DeviceMinor;
}

/// <summary>struct open_how of openat2 (include/uapi/linux/openat2.h).</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct OpenHow
{
    public ulong Flags;
    public ulong Mode;
    public ulong Resolve;
}

/// <summary>struct statfs of x86-64 (include/uapi/asm-generic/statfs.h).</summary>
[StructLayout(LayoutKind.Sequential, Size = 120)]
internal struct FileSystemStatus
{
    public long Type;
    public long BlockSize;
    public ulong Blocks;
    public ulong FreeBlocks;
    public ulong AvailableBlocks;
}
