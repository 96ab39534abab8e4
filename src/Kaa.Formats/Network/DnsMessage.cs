using System.Buffers.Binary;
using System.Text;

namespace Kaa.Formats.Network;

/// <summary>Questions to and answers of a name server, as RFC 1035 section 4 lays them out.</summary>
public static class DnsMessage
{
    /// <summary>Type of a record with an IPv4 address, 4 bytes; and of one with an IPv6 address, 16 bytes (RFC 3596).</summary>
    public const ushort Address4 = 1;
    public const ushort Address6 = 28;

    private const string Format = "DNS";
    private const int HeaderSize = 12;
    private const int LongestLabel = 63;
    private const int LongestName = 253;
    private const ushort Internet = 1;
    private const ushort RecursionWanted = 0x100;
    private const ushort IsAnswer = 0x8000;
    private const ushort ErrorMask = 0xf;

    /// <summary>Null for a name that can't be asked for.</summary>
    /// <param name="id">Which the answer must have too.</param>
    public static byte[]? Question(string name, ushort type, ushort id)
    {
        name = name.TrimEnd('.');
        if (name.Length is 0 or > LongestName || !Ascii.IsValid(name))
            return null;
        byte[] message = new byte[HeaderSize + name.Length + 2 + 4];
        BinaryPrimitives.WriteUInt16BigEndian(message, id);
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(2), RecursionWanted);
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(4), 1);
        int at = HeaderSize;
        foreach (string label in name.Split('.'))
        {
            if (label.Length is 0 or > LongestLabel)
                return null;
            message[at++] = (byte)label.Length;
            at += Encoding.ASCII.GetBytes(label, message.AsSpan(at));
        }

        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(at + 1), type);
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(at + 3), Internet);
        return message;
    }

    /// <summary>The addresses in an answer; none where the server says that there are none. Aliases (CNAME) stand beside them, and need no following.</summary>
    /// <exception cref="BadData">It is no answer to the question.</exception>
    public static List<byte[]> Addresses(ReadOnlySpan<byte> answer, ushort type, ushort id)
    {
        var reader = new BigEndian(answer);
        bool isOurs = reader.UInt16() == id;
        ushort flags = reader.UInt16();
        if (!isOurs || (flags & IsAnswer) == 0)
            throw new BadData(Format, 0, "no answer to this question");
        var found = new List<byte[]>();
        if ((flags & ErrorMask) != 0)
            return found;
        int questions = reader.UInt16();
        int answers = reader.UInt16();
        reader.Skip(4);
        for (int i = 0; i < questions; i++)
        {
            reader.SkipName();
            reader.Skip(4);
        }

        for (int i = 0; i < answers; i++)
        {
            reader.SkipName();
            ushort one = reader.UInt16();
            reader.Skip(6);
            ReadOnlySpan<byte> data = reader.Take(reader.UInt16());
            if (one == type && data.Length == (type == Address4 ? 4 : 16))
                found.Add(data.ToArray());
        }

        return found;
    }

    private ref struct BigEndian(ReadOnlySpan<byte> bytes)
    {
        private SpanReader _reader = new(bytes, Format);

        public ushort UInt16() => BinaryPrimitives.ReadUInt16BigEndian(_reader.Take(2));

        public ReadOnlySpan<byte> Take(int count) => _reader.Take(count);

        public void Skip(int count) => _reader.Skip(count);

        /// <summary>Labels up to an empty one, or to a pointer at one that stood before (two bytes, the highest bits set).</summary>
        public void SkipName()
        {
            while (true)
            {
                byte length = _reader.Take(1)[0];
                if (length == 0)
                    return;
                if (length > LongestLabel)
                {
                    _reader.Skip(1);
                    return;
                }

                _reader.Skip(length);
            }
        }
    }
}
