using Kaa.Formats;
using Kaa.Python.Layout;

namespace Kaa.Python.Objects;

/// <summary>Finds the characters of a unicode object, whatever its form.</summary>
internal sealed class UnicodeReader(IMemory memory, ObjectLayout layout)
{
    private const int HeadSize = 96;

    private readonly PyUnicodeFields _f = layout.PyUnicodeObject;

    /// <exception cref="TargetFault">Unreadable, or a kind or length that no text has.</exception>
    public TextData Locate(Address address)
    {
        Span<byte> bytes = stackalloc byte[HeadSize];
        int wanted = layout.UnicodeForm == UnicodeForm.PyUnicodeArray ? _f.data + 8 : _f.ascii_size;
        memory.ReadExactly(address, bytes[..wanted]);
        TextData text = layout.UnicodeForm == UnicodeForm.PyUnicodeArray ? Array(bytes) : Flexible(address, bytes);
        bool possible = text.Length is >= 0 and <= long.MaxValue / 8 && text.UnitSize is 1 or 2 or 4;
        return possible ? text : throw TargetFault.Nonsense(address, "no text");
    }

    private TextData Array(ReadOnlySpan<byte> bytes) =>
        new(bytes.AddressAt(_f.data), bytes.Int64At(_f.length), _f.Py_UNICODE_SIZE, Utf16: _f.Py_UNICODE_SIZE == 2);

    /// <summary><c>state</c> holds kind (3 bits), compact, ascii and, up to 3.11, ready.</summary>
    private TextData Flexible(Address address, ReadOnlySpan<byte> bytes)
    {
        int state = bytes.Int32At(_f.state) >> _f.kind_shift;
        int kind = state & 7;
        bool compact = (state & 8) != 0;
        bool ascii = (state & 16) != 0;
        long length = bytes.Int64At(_f.length);
        if (compact)
            return new TextData(address + (ascii ? _f.ascii_size : _f.compact_size), length, ascii ? 1 : kind);
        if (kind == 0 && layout.UnicodeForm == UnicodeForm.FlexibleWithWstr)
            return new TextData(bytes.AddressAt(_f.wstr), memory.Read<long>(address + _f.wstr_length), UnitSize: 4);
        return new TextData(memory.ReadPointer(address + _f.data), length, kind);
    }
}
