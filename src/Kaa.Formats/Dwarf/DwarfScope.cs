namespace Kaa.Formats.Dwarf;

/// <summary>What matters of an entry that stands for code: a unit, a function, an inlined call, a block.</summary>
internal struct DwarfScope
{
    public DwarfTag Tag;
    public bool HasChildren;
    public DwarfValue Name;
    public DwarfValue LinkageName;
    public DwarfValue LowPc;
    public DwarfValue HighPc;
    public DwarfValue Ranges;
    public DwarfValue AbstractOrigin;
    public DwarfValue Specification;
    public DwarfValue CallFile;
    public DwarfValue CallLine;
    public DwarfValue Sibling;

    // Of units only.
    public DwarfValue CompDir;
    public ulong? StmtList;
    public ulong Language;
    public ulong? AddrBase;
    public ulong? RangeListsBase;
    public ulong RangesBase;
    public ulong StringOffsetsBase;

    public readonly bool HasPc => LowPc.Exists || Ranges.Exists;

    public void Set(DwarfAttribute attribute, DwarfValue value)
    {
        switch (attribute)
        {
            case DwarfAttribute.Name:
                Name = value;
                break;
            case DwarfAttribute.LinkageName or DwarfAttribute.MipsLinkageName:
                LinkageName = value;
                break;
            case DwarfAttribute.LowPc:
                LowPc = value;
                break;
            case DwarfAttribute.HighPc:
                HighPc = value;
                break;
            case DwarfAttribute.Ranges:
                Ranges = value;
                break;
            case DwarfAttribute.AbstractOrigin:
                AbstractOrigin = value;
                break;
            case DwarfAttribute.Specification:
                Specification = value;
                break;
            case DwarfAttribute.CallFile:
                CallFile = value;
                break;
            case DwarfAttribute.CallLine:
                CallLine = value;
                break;
            case DwarfAttribute.Sibling:
                Sibling = value;
                break;
            default:
                SetOfUnit(attribute, value);
                break;
        }
    }

    private void SetOfUnit(DwarfAttribute attribute, DwarfValue value)
    {
        switch (attribute)
        {
            case DwarfAttribute.CompDir:
                CompDir = value;
                break;
            case DwarfAttribute.StmtList:
                StmtList = Offset(value);
                break;
            case DwarfAttribute.Language:
                Language = Offset(value) ?? 0;
                break;
            case DwarfAttribute.AddrBase or DwarfAttribute.GnuAddrBase:
                AddrBase = Offset(value);
                break;
            case DwarfAttribute.RnglistsBase:
                RangeListsBase = Offset(value);
                break;
            case DwarfAttribute.GnuRangesBase:
                RangesBase = Offset(value) ?? 0;
                break;
            case DwarfAttribute.StrOffsetsBase:
                StringOffsetsBase = Offset(value) ?? 0;
                break;
        }
    }

    private static ulong? Offset(DwarfValue value) => value.Kind == DwarfValueKind.Constant ? value.Number : null;
}
