using System.Buffers.Binary;
using Kaa.Control.Memory;
using Kaa.Formats;

namespace Kaa.Tests.Unit.Control;

public sealed class CopiedPiecesTests
{
    [Fact]
    public void What_begins_at_the_end_of_one_piece_is_read_from_the_one_that_has_all_of_it()
    {
        var memory = new CopiedPieces(Pieces((0x1000, "first, and s"), (0x100b, "second text"), (0x1016, "third")), new FakeMemory());
        Text(memory, 0x100b, 11).ShouldBe("second text");
        Text(memory, 0x1000, 11).ShouldBe("first, and ");
        Text(memory, 0x1000, 30).ShouldBe("first, and second textthird");
        Text(memory, 0x2000, 4).ShouldBe("");
    }

    [Fact]
    public void What_no_piece_has_is_read_from_the_rest()
    {
        FakeMemory rest = new FakeMemory().Add(0x100c, "the rest"u8.ToArray());
        Text(new CopiedPieces(Pieces((0x1000, "first, and s")), rest), 0x1007, 9).ShouldBe("and sthe ");
    }

    private static byte[] Pieces(params (ulong Address, string Text)[] pieces)
    {
        var bytes = new List<byte>();
        Span<byte> word = stackalloc byte[8];
        (ulong Address, string Text)[] all = [.. pieces, (0, "")];
        foreach ((ulong address, string text) in all)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(word, address);
            bytes.AddRange(word);
            BinaryPrimitives.WriteUInt64LittleEndian(word, (ulong)text.Length);
            bytes.AddRange(word);
            bytes.AddRange(System.Text.Encoding.ASCII.GetBytes(text));
            bytes.AddRange(new byte[-text.Length & 7]);
        }

        return [.. bytes];
    }

    private static string Text(CopiedPieces memory, ulong address, int length)
    {
        byte[] buffer = new byte[length];
        return System.Text.Encoding.ASCII.GetString(buffer, 0, memory.Read(new Address(address), buffer));
    }
}
