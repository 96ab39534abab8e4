using System.Runtime.InteropServices;

namespace Kaa.Formats.Dwarf;

/// <summary>How entries of one code are laid out.</summary>
/// <param name="FixedSize">Bytes of all its attributes; −1 where that depends on their values.</param>
/// <param name="First">Its first attribute, in the table's list.</param>
internal readonly record struct DwarfAbbreviation(DwarfTag Tag, bool HasChildren, int FixedSize, int First, int Count);

internal readonly record struct DwarfAttributeForm(DwarfAttribute Name, DwarfForm Form, long ImplicitConstant);

/// <summary>One table of .debug_abbrev, for the encoding of one unit. Refilled for the next unit, as most units have one of their own.</summary>
internal sealed class DwarfAbbreviations
{
    private readonly List<DwarfAbbreviation> _entries = [];
    private readonly List<DwarfAttributeForm> _attributes = [];
    private readonly Dictionary<ulong, int> _otherCodes = [];

    public ulong Offset { get; private set; } = ulong.MaxValue;

    public DwarfEncoding Encoding { get; private set; }

    /// <summary>The attributes of an abbreviation of this table, in the order of their values.</summary>
    public ReadOnlySpan<DwarfAttributeForm> AttributesOf(DwarfAbbreviation abbreviation) =>
        CollectionsMarshal.AsSpan(_attributes).Slice(abbreviation.First, abbreviation.Count);

    /// <summary>True where some entry of the table has this tag.</summary>
    public bool Uses(DwarfTag tag) => _entries.Exists(entry => entry.Tag == tag);

    /// <exception cref="BadData">The table does not have the code.</exception>
    public DwarfAbbreviation this[ulong code]
    {
        get
        {
            // Compilers number them 1, 2, 3 …
            if (unchecked(code - 1) < (ulong)_entries.Count && _otherCodes.Count == 0)
                return _entries[(int)code - 1];
            return _otherCodes.TryGetValue(code, out int index)
                ? _entries[index]
                : throw new BadData(".debug_abbrev", Offset, $"no abbreviation {code}");
        }
    }

    /// <summary>Reads the table at an offset of the section; gives how many bytes it has.</summary>
    /// <exception cref="BadData">The table breaks the format.</exception>
    /// <param name="upTo">Stop behind this code: the table is good for no other then.</param>
    public ulong Load(DwarfSectionReader reader, ulong offset, DwarfEncoding encoding, ulong? upTo = null)
    {
        Offset = ulong.MaxValue;
        Encoding = encoding;
        _entries.Clear();
        _attributes.Clear();
        _otherCodes.Clear();
        reader.Seek(offset);
        for (ulong code = reader.Uleb(); code != 0; code = reader.Uleb())
        {
            if (_otherCodes.Count > 0 || code != (ulong)_entries.Count + 1)
                Index(code);
            _entries.Add(ReadEntry(reader));
            if (code == upTo)
                return reader.Position - offset;
        }

        Offset = offset;
        return reader.Position - offset;
    }

    // From the first code that is out of order on, all are looked up.
    private void Index(ulong code)
    {
        if (_otherCodes.Count == 0)
        {
            for (int i = 0; i < _entries.Count; i++)
                _otherCodes.Add((ulong)i + 1, i);
        }

        _otherCodes.TryAdd(code, _entries.Count);
    }

    private DwarfAbbreviation ReadEntry(DwarfSectionReader reader)
    {
        var tag = (DwarfTag)Math.Min(reader.Uleb(), ushort.MaxValue);
        bool hasChildren = reader.U8() != 0;
        int first = _attributes.Count;
        int size = 0;
        while (true)
        {
            ulong name = reader.Uleb();
            ulong form = reader.Uleb();
            if (name == 0 && form == 0)
                break;
            long constant = form == (ulong)DwarfForm.ImplicitConst ? reader.Sleb() : 0;
            var attribute = new DwarfAttributeForm(
                (DwarfAttribute)Math.Min(name, ushort.MaxValue), (DwarfForm)Math.Min(form, ushort.MaxValue), constant);
            _attributes.Add(attribute);
            int formSize = Encoding.SizeOf(attribute.Form);
            size = size < 0 || formSize < 0 ? -1 : size + formSize;
        }

        return new DwarfAbbreviation(tag, hasChildren, size, first, _attributes.Count - first);
    }
}
