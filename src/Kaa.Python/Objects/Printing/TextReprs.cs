using System.Buffers.Binary;
using Kaa.Formats;

namespace Kaa.Python.Objects.Printing;

/// <summary>str, bytes, bytearray; in 2.7 unicode and str.</summary>
internal static class TextReprs
{
    /// <summary>unicode_repr, Objects/unicodeobject.c.</summary>
    public static void Str(Repr repr, Address instance, PyType type) =>
        Quoted(repr, repr.Objects.Text(instance), new CharacterStyle(repr.Objects.Layout.Version));

    /// <summary>2.7: <c>u'…'</c>, all but ASCII escaped.</summary>
    public static void Unicode2(Repr repr, Address instance, PyType type)
    {
        repr.Out.Write('u');
        Quoted(repr, repr.Objects.Text(instance), CharacterStyle.AsciiOnly, prefix: 1);
    }

    /// <summary>2.7: <c>'…'</c>, bytes beyond ASCII as <c>\xNN</c>.</summary>
    public static void Str2(Repr repr, Address instance, PyType type) =>
        Quoted(repr, repr.Objects.Text(instance), CharacterStyle.AsciiOnly);

    public static void Bytes(Repr repr, Address instance, PyType type)
    {
        PyObjects objects = repr.Objects;
        var text = new TextData(instance + objects.Layout.ob_sval, objects.Size(instance), UnitSize: 1);
        repr.Out.Write('b');
        Quoted(repr, text, CharacterStyle.AsciiOnly, prefix: 1);
    }

    public static void ByteArray(Repr repr, Address instance, PyType type)
    {
        PyObjects objects = repr.Objects;
        long size = objects.Size(instance);
        Address start = size == 0 ? Address.Null : objects.PointerAt(instance, objects.Layout.PyByteArrayObject.ob_start);
        repr.Out.Write("bytearray(b");
        Quoted(repr, new TextData(start, size, UnitSize: 1), CharacterStyle.AsciiOnly, prefix: "bytearray(b".Length + 1);
        repr.Out.Write(')');
    }

    /// <summary>
    /// Quotes are single ones unless only single ones occur in the text, which takes a look at all of it (bounded by
    /// <see cref="Limits.TextScan"/>); the same look counts the whole length.
    /// </summary>
    /// <param name="prefix">Characters around the quotes.</param>
    public static void Quoted(Repr repr, TextData text, CharacterStyle style, int prefix = 0)
    {
        var scan = new TextScan(style);
        bool whole = Walk(repr.Objects.Memory, text, Limits.TextScan, scan.See);
        char quote = scan.Quote;
        if (whole)
            repr.SetWholeLength(scan.Length + 2 + prefix);

        repr.Out.Write(quote);
        Walk(repr.Objects.Memory, text, long.MaxValue, point =>
        {
            style.Write(repr.Out, point, quote);
            return !repr.Out.Full;
        });
        repr.Out.Write(quote);
    }

    /// <summary>Calls for each code point until told to stop.</summary>
    /// <returns>False where it was stopped, or more than <paramref name="maxBytes"/> would have had to be read.</returns>
    private static bool Walk(IMemory memory, TextData text, long maxBytes, Func<int, bool> see)
    {
        const int Chunk = 4_096;
        byte[] buffer = new byte[(int)Math.Min(Chunk, text.Length * text.UnitSize)];
        long size = text.Length * text.UnitSize;
        int high = 0;
        for (long done = 0; done < size; done += buffer.Length)
        {
            if (done >= maxBytes)
                return false;
            Span<byte> bytes = buffer.AsSpan(0, (int)Math.Min(buffer.Length, size - done));
            memory.ReadExactly(text.Data + done, bytes);
            for (int at = 0; at < bytes.Length; at += text.UnitSize)
            {
                int point = Unit(bytes[at..], text.UnitSize);
                if (text.Utf16 && !Join(ref high, ref point, see))
                    continue;
                if (!see(point))
                    return false;
            }
        }

        return high == 0 || see(high);
    }

    private static int Unit(ReadOnlySpan<byte> bytes, int size) => size switch
    {
        1 => bytes[0],
        2 => BinaryPrimitives.ReadUInt16LittleEndian(bytes),
        _ => BinaryPrimitives.ReadInt32LittleEndian(bytes),
    };

    /// <summary>Makes one code point of two surrogates; a lone one passes. False where the next unit must be seen first.</summary>
    private static bool Join(ref int high, ref int point, Func<int, bool> see)
    {
        if (high != 0)
        {
            if (char.IsLowSurrogate((char)point))
            {
                point = char.ConvertToUtf32((char)high, (char)point);
                high = 0;
                return true;
            }

            see(high);
            high = 0;
        }

        if (!char.IsHighSurrogate((char)point))
            return true;
        high = point;
        return false;
    }
}
