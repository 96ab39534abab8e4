namespace Kaa.Formats.Dwarf;

/// <summary>What a function is called.</summary>
internal static class DwarfNames
{
    /// <summary>
    /// The name that the linker knows, else the plain one; its own, or that of the abstract function or declaration that it refers to. Null
    /// where nothing tells.
    /// </summary>
    /// <exception cref="BadData">A reference leads to what is no entry.</exception>
    public static (string? Name, bool IsMangled) Of(DwarfUnitContent unit, DwarfScope entry)
    {
        string? plain = null;
        for (int depth = 0; depth < Limits.DwarfTypeDepth; depth++)
        {
            if (entry.LinkageName.Exists && unit.File.Text(unit, entry.LinkageName) is { Length: > 0 } mangled)
                return (mangled, true);
            if (plain is null && entry.Name.Exists && unit.File.Text(unit, entry.Name) is { Length: > 0 } own)
                plain = own;
            DwarfValue reference = entry.AbstractOrigin.Exists ? entry.AbstractOrigin : entry.Specification;
            if (!reference.Exists || unit.File.Follow(unit, reference) is not { } next)
                break;
            unit = next.Unit;
            entry = unit.ReadScope(next.Position);
        }

        return (plain, false);
    }
}
