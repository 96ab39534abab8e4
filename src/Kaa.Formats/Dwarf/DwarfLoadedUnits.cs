namespace Kaa.Formats.Dwarf;

/// <summary>The units that were wanted last, as many as have room.</summary>
internal sealed class DwarfLoadedUnits
{
    /// <summary>Kept whatever their size: a function's unit, and those that its names lead to.</summary>
    private const int Least = 3;
    private const int Most = 64;

    private readonly List<(bool InTypes, DwarfUnitContent Unit)> _units = [];
    private long _bytes;

    public DwarfUnitContent? Find(bool inTypes, ulong offset)
    {
        for (int i = _units.Count - 1; i >= 0; i--)
        {
            (bool InTypes, DwarfUnitContent Unit) each = _units[i];
            if (each.InTypes != inTypes || each.Unit.Unit.Offset != offset)
                continue;

            // The most recent is the last.
            if (i < _units.Count - 1)
            {
                _units.RemoveAt(i);
                _units.Add(each);
            }

            return each.Unit;
        }

        return null;
    }

    public void Add(bool inTypes, DwarfUnitContent unit)
    {
        _units.Add((inTypes, unit));
        _bytes += unit.Unit.Size;
        while (_units.Count > Most || (_bytes > Limits.DwarfLoadedUnits && _units.Count > Least))
        {
            _bytes -= _units[0].Unit.Unit.Size;
            _units.RemoveAt(0);
        }
    }
}
