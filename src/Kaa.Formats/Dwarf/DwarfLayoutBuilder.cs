namespace Kaa.Formats.Dwarf;

/// <summary>Makes layouts of struct entries, with all that is in them by value.</summary>
internal sealed class DwarfLayoutBuilder
{
    private readonly Dictionary<DwarfPlace, StructLayout> _structs = [];
    private readonly Dictionary<DwarfPlace, TypeShape> _types = [];
    private int _members;

    /// <summary>Null where it can't be made, because a part of it lies in a file that we do not have.</summary>
    public StructLayout? Build(DwarfPlace place) => Shape(place, 0).Struct;

    private TypeShape Shape(DwarfPlace place, int depth)
    {
        if (depth > Limits.DwarfTypeDepth)
            throw new BadData(".debug_info", place.Unit.Offset, $"types nest more than {Limits.DwarfTypeDepth} deep");
        if (_types.TryGetValue(place, out TypeShape known))
            return known;
        DwarfUnitContent unit = place.File.Load(place.Unit, place.InTypes);
        TypeShape shape = unit.TryReadEntry(place.Position, out DwarfEntry entry) ? Shape(unit, place, entry, depth) : default;
        _types[place] = shape;
        return shape;
    }

    private TypeShape Shape(DwarfUnitContent unit, DwarfPlace place, DwarfEntry entry, int depth)
    {
        switch (entry.Tag)
        {
            case DwarfTag.StructureType or DwarfTag.UnionType or DwarfTag.ClassType:
                return StructShape(unit, place, entry, depth);
            case DwarfTag.Typedef or DwarfTag.ConstType or DwarfTag.VolatileType or DwarfTag.RestrictType or DwarfTag.AtomicType:
                return Follow(unit, entry.Type, depth);
            case DwarfTag.ArrayType:
                return ArrayShape(unit, entry, depth);
            case DwarfTag.PointerType:
                return new TypeShape(SizeOf(entry, unit.Unit.Encoding.AddressSize), null, 0);
            default:
                return new TypeShape(SizeOf(entry, 0), null, 0);
        }
    }

    private TypeShape Follow(DwarfUnitContent unit, DwarfValue type, int depth) =>
        unit.File.Follow(unit, type) is { } target ? Shape(DwarfPlace.Of(target.Unit, target.Position), depth + 1) : default;

    private TypeShape StructShape(DwarfUnitContent unit, DwarfPlace place, DwarfEntry entry, int depth)
    {
        if (!entry.IsComplete)
            return Follow(unit, entry.Signature, depth);

        // A struct that holds itself by value can't be: what it finds of itself is empty.
        if (_structs.TryGetValue(place, out StructLayout? layout))
            return new TypeShape(layout.Size, layout, 0);
        layout = new StructLayout(entry.ByteSize!.Value);
        _structs.Add(place, layout);
        layout.Complete(entry.HasChildren ? ReadMembers(unit, entry, depth) : []);
        return new TypeShape(layout.Size, layout, 0);
    }

    private List<StructMember> ReadMembers(DwarfUnitContent unit, DwarfEntry parent, int depth)
    {
        var members = new List<StructMember>();
        int position = parent.End;
        while (unit.TryReadEntry(position, out DwarfEntry entry))
        {
            if (entry.Tag == DwarfTag.Member && !entry.IsDeclaration)
                members.Add(ReadMember(unit, entry, depth));
            position = NextSibling(unit, entry);
        }

        return members;
    }

    private StructMember ReadMember(DwarfUnitContent unit, DwarfEntry entry, int depth)
    {
        if (++_members > Limits.DwarfMembers)
            throw new BadData(".debug_info", unit.Unit.Offset, $"more than {Limits.DwarfMembers} members");
        TypeShape shape = Follow(unit, entry.Type, depth);
        string name = unit.File.Text(unit, entry.Name) ?? "";
        if (entry.BitSize is { } bits and > 0 and <= 128)
        {
            long place = DwarfMemberPlace.BitsOf(unit, entry, shape.Size);
            return new StructMember(name, place / 8, shape.Size, null, 0, (int)(place % 8), (int)bits);
        }

        return new StructMember(name, DwarfMemberPlace.BytesOf(unit, entry), shape.Size, shape.Struct, shape.ElementSize, 0, 0);
    }

    private TypeShape ArrayShape(DwarfUnitContent unit, DwarfEntry entry, int depth)
    {
        TypeShape element = Follow(unit, entry.Type, depth);
        long elementSize = element.Size;
        long count = 0;
        int dimensions = 0;
        int position = entry.End;
        while (entry.HasChildren && unit.TryReadEntry(position, out DwarfEntry child))
        {
            position = NextSibling(unit, child);
            if (child.Tag != DwarfTag.SubrangeType)
                continue;

            // The elements of an array of arrays are the inner arrays.
            if (dimensions++ > 0)
                elementSize = Multiply(elementSize, CountOf(child), unit);
            else
                count = CountOf(child);
        }

        return new TypeShape(Multiply(elementSize, count, unit), dimensions == 1 ? element.Struct : null, elementSize);
    }

    private static long Multiply(long size, long count, DwarfUnitContent unit) =>
        count == 0 || size <= Limits.DwarfTypeSize / count
            ? size * count
            : throw new BadData(".debug_info", unit.Unit.Offset, "an array of impossible size");

    private static long SizeOf(DwarfEntry entry, long otherwise) => Math.Clamp(entry.ByteSize ?? otherwise, 0, Limits.DwarfTypeSize);

    /// <summary>Elements of an array; 0 where it has no length. Old compilers write the upper bound of an empty one as −1 in 4 or 8 bytes.</summary>
    private static long CountOf(DwarfEntry range)
    {
        if (range.Count is { } count)
            return Math.Max(count, 0);
        return range.UpperBound is { } bound && bound is >= 0 and not uint.MaxValue and < long.MaxValue ? bound + 1 : 0;
    }

    private static int NextSibling(DwarfUnitContent unit, DwarfEntry entry)
    {
        if (!entry.HasChildren)
            return entry.End;
        SpanReader reader = unit.ReaderAt(entry.End);
        unit.SkipChildren(ref reader, unit.SiblingPlace(entry.Sibling, entry.End));
        return reader.Position;
    }

    /// <param name="Struct">What it is, or its elements are; null where that is no struct.</param>
    /// <param name="ElementSize">0 where it is no array.</param>
    private readonly record struct TypeShape(long Size, StructLayout? Struct, long ElementSize);
}
