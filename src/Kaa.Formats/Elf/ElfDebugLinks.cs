using System.Buffers.Binary;
using System.Text;

namespace Kaa.Formats.Elf;

/// <summary>The two sections that name another file with debug information (gdb manual, "Separate Debug Files").</summary>
internal static class ElfDebugLinks
{
    /// <summary>A NUL-terminated name, zeros up to a multiple of four, a CRC of the whole other file.</summary>
    public static (string FileName, uint Crc) ParseLink(ReadOnlySpan<byte> bytes)
    {
        int end = NameEnd(bytes, ".gnu_debuglink");
        int crc = (end + 4) & ~3;
        if (crc + 4 > bytes.Length)
            throw new BadData(".gnu_debuglink", crc, "a CRC of four bytes is missing");
        return (Encoding.UTF8.GetString(bytes[..end]), BinaryPrimitives.ReadUInt32LittleEndian(bytes[crc..]));
    }

    /// <summary>A NUL-terminated name, then the build-id up to the section's end.</summary>
    public static (string FileName, byte[] BuildId) ParseAltLink(ReadOnlySpan<byte> bytes)
    {
        int end = NameEnd(bytes, ".gnu_debugaltlink");
        return (Encoding.UTF8.GetString(bytes[..end]), bytes[(end + 1)..].ToArray());
    }

    private static int NameEnd(ReadOnlySpan<byte> bytes, string section)
    {
        int end = bytes.IndexOf((byte)0);
        return end >= 0 ? end : throw new BadData(section, bytes.Length, "the name has no end");
    }
}
