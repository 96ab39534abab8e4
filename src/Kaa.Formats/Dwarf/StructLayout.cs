using System.Globalization;

namespace Kaa.Formats.Dwarf;

/// <summary>How a C struct or union lies in memory, with the structs that are in it by value. Sizes and offsets in bytes.</summary>
public sealed class StructLayout
{
    private readonly Dictionary<string, int> _byName = new(StringComparer.Ordinal);
    private StructMember[] _members = [];

    internal StructLayout(long size) => Size = size;

    public long Size { get; }

    /// <summary>In the order of the declaration; anonymous structs and unions have an empty name.</summary>
    public IReadOnlyList<StructMember> Members => _members;

    /// <summary>
    /// The offset of a member by its path: <c>ceval.gil.locked</c>, <c>pending.calls[3].func</c>. Members of anonymous structs and unions
    /// count as those of the struct around them, as in C.
    /// </summary>
    public bool TryOffset(string path, out int offset)
    {
        bool found = TryMember(path, out MemberPlace place) && place.Offset is >= 0 and <= int.MaxValue;
        offset = found ? (int)place.Offset : 0;
        return found;
    }

    /// <summary>The same with size and bits.</summary>
    public bool TryMember(string path, out MemberPlace place)
    {
        place = default;
        StructLayout? layout = this;
        long offset = 0;
        int steps = 0;
        foreach (Range part in path.AsSpan().Split('.'))
        {
            if (layout is null || !TrySplit(path.AsSpan()[part], out string name, out long index) || !layout.TryDirect(name, out StructMember? member, ref offset, 0, ref steps))
                return false;
            if (index >= 0 && !member.TryElement(index, ref offset))
                return false;
            layout = member.Struct;
            place = new MemberPlace(offset, index >= 0 ? member.ElementSize : member.Size, member.BitOffset, member.BitSize);
        }

        return true;
    }

    internal void Complete(List<StructMember> members)
    {
        _members = [.. members];
        for (int i = 0; i < _members.Length; i++)
            _byName.TryAdd(_members[i].Name, i);
    }

    private static bool TrySplit(ReadOnlySpan<char> part, out string name, out long index)
    {
        int bracket = part.IndexOf('[');
        name = (bracket < 0 ? part : part[..bracket]).ToString();
        index = -1;
        if (bracket < 0)
            return name.Length > 0;
        bool closed = part[^1] == ']' && name.Length > 0;
        return closed && long.TryParse(part[(bracket + 1)..^1], NumberStyles.None, CultureInfo.InvariantCulture, out index);
    }

    /// <param name="depth">Anonymous structs around this one; damaged ones hold themselves.</param>
    /// <param name="steps">Structs that were looked into: anonymous ones in anonymous ones multiply.</param>
    private bool TryDirect(
        string name, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out StructMember? member, ref long offset, int depth, ref int steps)
    {
        member = null;
        if (++steps > Limits.DwarfMembers || depth > Limits.DwarfTypeDepth)
            return false;
        if (_byName.TryGetValue(name, out int index))
        {
            member = _members[index];
            offset += member.Offset;
            return true;
        }

        foreach (StructMember each in _members)
        {
            long inside = offset + each.Offset;
            if (each.Name.Length > 0 || each.Struct is null || !each.Struct.TryDirect(name, out member, ref inside, depth + 1, ref steps))
                continue;
            offset = inside;
            return true;
        }

        return false;
    }
}

/// <summary>One member of a struct.</summary>
/// <param name="Offset">From the struct's start.</param>
/// <param name="Size">Of all of it; of the declared type for a bit field; 0 for an array without length.</param>
/// <param name="Struct">The struct or union that it is, or that its elements are; null for pointers, numbers and the like.</param>
/// <param name="ElementSize">Of an array's elements; 0 where it is no array.</param>
/// <param name="BitOffset">Of a bit field: from the least significant bit of the byte at <paramref name="Offset"/>.</param>
/// <param name="BitSize">0 where it is no bit field.</param>
public sealed record StructMember(
    string Name, long Offset, long Size, StructLayout? Struct, long ElementSize, int BitOffset, int BitSize)
{
    internal bool TryElement(long index, ref long offset)
    {
        // Behind the end there is only what an array without length may have.
        if (ElementSize == 0 || index >= (Size > 0 ? Size : Limits.DwarfTypeSize) / ElementSize)
            return false;
        offset += index * ElementSize;
        return true;
    }
}

/// <summary>Where a member lies in the outermost struct; see <see cref="StructMember"/>.</summary>
public readonly record struct MemberPlace(long Offset, long Size, int BitOffset, int BitSize);
