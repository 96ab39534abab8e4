namespace Kaa.Formats.Dwarf;

/// <summary>What types are made of: the attributes of one entry that matter for that.</summary>
internal struct DwarfEntry
{
    public DwarfTag Tag;
    public bool HasChildren;

    /// <summary>Where its attributes end, from the unit's start: its first child, or the entry behind it.</summary>
    public int End;
    public DwarfValue Name;
    public DwarfValue Type;
    public DwarfValue Signature;
    public DwarfValue Location;
    public DwarfValue Sibling;
    public long? ByteSize;
    public long? BitSize;

    /// <summary>DWARF 2 and 3: from the most significant bit of the storage unit.</summary>
    public long? BitOffset;

    /// <summary>Since DWARF 4: from the beginning of the struct.</summary>
    public long? DataBitOffset;
    public long? UpperBound;
    public long? Count;
    public ulong StringOffsetsBase;
    public bool IsDeclaration;

    public readonly bool IsStruct => Tag is DwarfTag.StructureType or DwarfTag.UnionType or DwarfTag.ClassType;

    public readonly bool IsComplete => IsStruct && !IsDeclaration && ByteSize is >= 0 and <= Limits.DwarfTypeSize;

    public void Set(DwarfAttribute attribute, DwarfValue value)
    {
        switch (attribute)
        {
            case DwarfAttribute.Name:
                Name = value;
                break;
            case DwarfAttribute.Type:
                Type = value;
                break;
            case DwarfAttribute.Signature:
                Signature = value;
                break;
            case DwarfAttribute.DataMemberLocation:
                Location = value;
                break;
            case DwarfAttribute.Sibling:
                Sibling = value;
                break;
            case DwarfAttribute.ByteSize:
                ByteSize = value.Constant;
                break;
            case DwarfAttribute.BitSize:
                BitSize = value.Constant;
                break;
            case DwarfAttribute.BitOffset:
                BitOffset = value.Constant;
                break;
            case DwarfAttribute.DataBitOffset:
                DataBitOffset = value.Constant;
                break;
            case DwarfAttribute.UpperBound:
                UpperBound = value.Constant;
                break;
            case DwarfAttribute.Count:
                Count = value.Constant;
                break;
            case DwarfAttribute.StrOffsetsBase:
                StringOffsetsBase = value.Number;
                break;
            case DwarfAttribute.Declaration:
                IsDeclaration = value.Constant is not (null or 0);
                break;
            default:
                break;
        }
    }
}
