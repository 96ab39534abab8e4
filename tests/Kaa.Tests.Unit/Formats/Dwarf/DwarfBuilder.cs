using System.Buffers.Binary;
using System.Text;
using Kaa.Formats.Elf;
using Kaa.Tests.Unit.Formats.Elf;

namespace Kaa.Tests.Unit.Formats.Dwarf;

/// <summary>Writes debug information by hand, entry by entry; each entry gets an abbreviation of its own.</summary>
internal sealed class DwarfBuilder
{
    public const int Struct = 0x13;
    public const int Member = 0x0d;
    public const int Typedef = 0x16;
    public const int Base = 0x24;
    public const int Array = 0x01;
    public const int Subrange = 0x21;
    public const int Const = 0x26;
    public const int Union = 0x17;
    public const int Subprogram = 0x2e;

    private readonly List<byte> _info = [];
    private readonly List<byte> _types = [];
    private readonly List<byte> _abbreviations = [];
    private readonly List<byte> _strings = [0];
    private readonly List<byte> _stringOffsets = [];
    private List<byte> _unit = [];
    private int _nextCode;
    private bool _inTypes;
    private bool _is64;
    private ushort _version;

    /// <summary>Codes go down from 1,000, as no compiler numbers them.</summary>
    public bool CodesGoDown { get; init; }

    /// <summary>Where the next entry will be, from its unit's start.</summary>
    public ulong Here => (ulong)(_unit.Count + (_is64 ? 12 : 4));

    /// <summary>Where the next unit will be in .debug_info.</summary>
    public ulong NextUnit => (ulong)_info.Count;

    public DwarfBuilder Unit(ushort version = 5, bool is64 = false, byte type = 1, ulong signature = 0, ulong typeOffset = 0, bool inTypes = false)
    {
        (_version, _is64, _inTypes, _unit, _nextCode) = (version, is64, inTypes, [], CodesGoDown ? 1000 : 1);
        Number(version, 2);
        ulong abbreviations = (ulong)_abbreviations.Count;
        if (version >= 5)
        {
            Number(type, 1).Number(8, 1).Offset(abbreviations);
            if (type == 2)
                Number(signature, 8).Offset(typeOffset);
        }
        else
        {
            Offset(abbreviations).Number(8, 1);
            if (inTypes)
                Number(signature, 8).Offset(typeOffset);
        }

        return this;
    }

    /// <summary>One entry; gives its place in the unit. A form of −n in place of a form stands for DW_FORM_indirect of form n.</summary>
    public ulong Entry(int tag, bool children, params (int Attribute, int Form, object Value)[] attributes)
    {
        ulong place = Here;
        int code = CodesGoDown ? _nextCode-- : _nextCode++;
        Uleb(_abbreviations, (ulong)code);
        Uleb(_abbreviations, (ulong)tag);
        _abbreviations.Add(children ? (byte)1 : (byte)0);
        Uleb(_unit, (ulong)code);
        foreach ((int attribute, int form, object value) in attributes)
        {
            Uleb(_abbreviations, (ulong)attribute);
            Uleb(_abbreviations, form < 0 ? 0x16 : (ulong)form);
            if (form < 0)
                Uleb(_unit, (ulong)-form);
            Value(Math.Abs(form), value);
        }

        _abbreviations.AddRange([0, 0]);
        return place;
    }

    /// <summary>Ends a list of children.</summary>
    public DwarfBuilder End()
    {
        _unit.Add(0);
        return this;
    }

    /// <summary>Ends the unit with the list of its outermost entries.</summary>
    public DwarfBuilder EndUnit()
    {
        _unit.Add(0);
        _abbreviations.Add(0);
        List<byte> section = _inTypes ? _types : _info;
        if (_is64)
            section.AddRange([0xff, 0xff, 0xff, 0xff, .. BitConverter.GetBytes((ulong)_unit.Count)]);
        else
            section.AddRange(BitConverter.GetBytes((uint)_unit.Count));
        section.AddRange(_unit);
        return this;
    }

    /// <summary>Puts raw bytes where the next unit would be.</summary>
    public DwarfBuilder Raw(params byte[] bytes)
    {
        _info.AddRange(bytes);
        return this;
    }

    public uint String(string text)
    {
        uint offset = (uint)_strings.Count;
        _strings.AddRange(Encoding.UTF8.GetBytes(text + "\0"));
        return offset;
    }

    /// <summary>A part of .debug_str_offsets with these strings; gives the base that a unit names.</summary>
    public uint StringOffsets(params string[] texts)
    {
        _stringOffsets.AddRange(BitConverter.GetBytes((uint)(4 + (texts.Length * 4))));
        _stringOffsets.AddRange([5, 0, 0, 0]);
        uint start = (uint)_stringOffsets.Count;
        foreach (string text in texts)
            _stringOffsets.AddRange(BitConverter.GetBytes(String(text)));
        return start;
    }

    public byte[] Build()
    {
        ElfBuilder elf = new ElfBuilder().Section(".debug_info", [.. _info]).Section(".debug_abbrev", [.. _abbreviations]);
        elf.Section(".debug_str", [.. _strings]).Section(".debug_str_offsets", [.. _stringOffsets]);
        return (_types.Count > 0 ? elf.Section(".debug_types", [.. _types]) : elf).Build();
    }

    public ElfFile Open() => ElfFile.Open(Build());

    private void Value(int form, object value)
    {
        switch (form)
        {
            case 0x08:
                _unit.AddRange(Encoding.UTF8.GetBytes((string)value + "\0"));
                break;
            case 0x0f or 0x15 or 0x1a:
                Uleb(_unit, Convert.ToUInt64(value));
                break;
            case 0x0d:
                Sleb(_unit, Convert.ToInt64(value));
                break;
            case 0x21:
                Sleb(_abbreviations, Convert.ToInt64(value));
                break;
            case 0x0a:
                _unit.Add((byte)((byte[])value).Length);
                _unit.AddRange((byte[])value);
                break;
            case 0x18 or 0x09:
                Uleb(_unit, (ulong)((byte[])value).Length);
                _unit.AddRange((byte[])value);
                break;
            case 0x1e:
                _unit.AddRange(new byte[16]);
                break;
            case 0x19:
                break;
            default:
                Number(Convert.ToUInt64(value), SizeOf(form));
                break;
        }
    }

    private int SizeOf(int form) => form switch
    {
        0x0b or 0x0c or 0x11 or 0x25 => 1,
        0x05 or 0x12 or 0x26 => 2,
        0x27 => 3,
        0x06 or 0x13 or 0x28 => 4,
        0x07 or 0x14 or 0x20 => 8,
        0x10 => _version <= 2 || _is64 ? 8 : 4,
        0x0e or 0x17 or 0x1f21 or 0x1f20 => _is64 ? 8 : 4,
        _ => throw new ArgumentOutOfRangeException(nameof(form), form, "not written by this builder"),
    };

    private DwarfBuilder Offset(ulong value) => Number(value, _is64 ? 8 : 4);

    private DwarfBuilder Number(ulong value, int size)
    {
        byte[] bytes = new byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        _unit.AddRange(bytes[..size]);
        return this;
    }

    private static void Uleb(List<byte> output, ulong value)
    {
        for (; value >= 0x80; value >>= 7)
            output.Add((byte)((value & 0x7f) | 0x80));
        output.Add((byte)value);
    }

    private static void Sleb(List<byte> output, long value)
    {
        for (; value is < -64 or >= 64; value >>= 7)
            output.Add((byte)(((ulong)value & 0x7f) | 0x80));
        output.Add((byte)(value & 0x7f));
    }
}
