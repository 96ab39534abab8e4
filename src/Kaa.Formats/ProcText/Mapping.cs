namespace Kaa.Formats.ProcText;

[Flags]
public enum MappingAccess
{
    None = 0,
    Read = 1,
    Write = 2,
    Execute = 4,
    Shared = 8,
}

/// <summary>One line of <c>/proc/PID/maps</c>, or one range of a core.</summary>
/// <param name="Start">First address.</param>
/// <param name="End">First address behind it.</param>
/// <param name="Offset">Offset in the file, in bytes.</param>
/// <param name="Device">Major and minor number as <c>major &lt;&lt; 20 | minor</c>; proves nothing on overlayfs.</param>
/// <param name="Inode">0 for anonymous memory.</param>
/// <param name="Path">As the kernel writes it, unescaped, without <c> (deleted)</c>; empty for anonymous memory; <c>[stack]</c> and the like.</param>
/// <param name="Deleted">The file at that path was unlinked or replaced since it was mapped.</param>
public readonly record struct Mapping(
    Address Start, Address End, MappingAccess Access, ulong Offset, ulong Device, ulong Inode, string Path, bool Deleted)
{
    public ulong Length => End.Value - Start.Value;

    public bool IsFile => Path.Length > 0 && Path[0] == '/';

    public bool Contains(Address address) => address >= Start && address < End;

    public bool Can(MappingAccess access) => (Access & access) == access;
}
