using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Kaa.Formats;

namespace Kaa.Python.Objects;

/// <summary>A Python text's characters as a .NET string. Lone surrogates stay what they are.</summary>
internal static class TextDecoder
{
    /// <summary>Bytes that are read at a time, so that a false length costs no more than what is mapped there.</summary>
    private const int Chunk = 16_384;

    private static readonly UTF8Encoding s_strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public static string Decode(IMemory memory, TextData text, int maxChars)
    {
        long units = Math.Min(text.Length, maxChars);
        if (units == 0)
            return "";
        if (units * text.UnitSize <= Chunk)
        {
            Span<byte> bytes = stackalloc byte[(int)units * text.UnitSize];
            memory.ReadExactly(text.Data, bytes);
            return Cut(Decode(bytes, text), maxChars);
        }

        return DecodeLong(memory, text, units, maxChars);
    }

    private static string DecodeLong(IMemory memory, TextData text, long units, int maxChars)
    {
        var result = new StringBuilder();
        byte[] buffer = new byte[Chunk];
        long size = units * text.UnitSize;
        for (long done = 0; done < size && result.Length < maxChars; done += Chunk)
        {
            Span<byte> bytes = buffer.AsSpan(0, (int)Math.Min(Chunk, size - done));
            memory.ReadExactly(text.Data + done, bytes);
            result.Append(text.Bytes ? Encoding.Latin1.GetString(bytes) : Decode(bytes, text));
        }

        string whole = result.ToString();
        return Cut(text.Bytes ? DecodeBytes(Encoding.Latin1.GetBytes(whole)) : whole, maxChars);
    }

    private static string Cut(string text, int maxChars) => text.Length <= maxChars ? text : text[..maxChars];

    private static string Decode(ReadOnlySpan<byte> bytes, TextData text)
    {
        if (text.Bytes)
            return DecodeBytes(bytes);
        return text.UnitSize switch
        {
            1 => Encoding.Latin1.GetString(bytes),
            2 => new string(MemoryMarshal.Cast<byte, char>(bytes)),
            _ => Units32(bytes),
        };
    }

    private static string DecodeBytes(ReadOnlySpan<byte> bytes)
    {
        try
        {
            return s_strict.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            return Encoding.Latin1.GetString(bytes);
        }
    }

    private static string Units32(ReadOnlySpan<byte> bytes)
    {
        var result = new StringBuilder(bytes.Length / 4);
        for (int at = 0; at < bytes.Length; at += 4)
        {
            uint point = BinaryPrimitives.ReadUInt32LittleEndian(bytes[at..]);
            if (point <= 0xffff)
                result.Append((char)point);
            else
                result.Append(Rune.TryCreate(point, out Rune rune) ? rune.ToString() : "\ufffd");
        }

        return result.ToString();
    }
}
