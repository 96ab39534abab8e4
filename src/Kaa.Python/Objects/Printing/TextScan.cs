namespace Kaa.Python.Objects.Printing;

/// <summary>A first look at a text: which quotes it takes, and how long its <c>repr()</c> is.</summary>
internal sealed class TextScan(CharacterStyle style)
{
    private bool _single;
    private bool _double;
    private long _singles;
    private long _length;

    /// <summary>Double quotes only where single ones, and no double ones, are in the text.</summary>
    public char Quote => _single && !_double ? '"' : '\'';

    /// <summary>Characters between the quotes.</summary>
    public long Length => _length + (Quote == '\'' ? _singles : 0);

    public bool See(int point)
    {
        if (point == '\'')
        {
            _single = true;
            _singles++;
        }

        _double |= point == '"';
        _length += style.Length(point);
        return true;
    }
}
