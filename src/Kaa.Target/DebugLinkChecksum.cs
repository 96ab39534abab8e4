using Kaa.Formats;

namespace Kaa.Target;

/// <summary>The CRC-32 of a whole file (polynomial 0x04c11db7, reflected), as <c>.gnu_debuglink</c> has it (gdb manual, "Separate Debug Files").</summary>
internal static class DebugLinkChecksum
{
    private static readonly uint[] s_table = MakeTable();

    /// <exception cref="BadData">The file can't be read.</exception>
    public static uint Of(Stream stream)
    {
        byte[] piece = new byte[64 << 10];
        uint crc = uint.MaxValue;
        try
        {
            stream.Position = 0;
            for (int count = stream.Read(piece, 0, piece.Length); count > 0; count = stream.Read(piece, 0, piece.Length))
            {
                foreach (byte each in piece.AsSpan(0, count))
                    crc = s_table[(crc ^ each) & 0xff] ^ (crc >> 8);
            }
        }
        catch (IOException)
        {
            throw new BadData("ELF", 0, "the file system can't read it");
        }

        return ~crc;
    }

    private static uint[] MakeTable()
    {
        uint[] table = new uint[256];
        for (uint i = 0; i < 256; i++)
        {
            uint value = i;
            for (int bit = 0; bit < 8; bit++)
                value = (value & 1) != 0 ? 0xedb88320 ^ (value >> 1) : value >> 1;
            table[i] = value;
        }

        return table;
    }
}
