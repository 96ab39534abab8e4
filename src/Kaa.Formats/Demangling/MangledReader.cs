namespace Kaa.Formats.Demangling;

/// <summary>A name that breaks the grammar, or is beyond a limit: it is shown as it is.</summary>
internal sealed class UndemangledException : Exception;

/// <summary>What readers of mangled names go along: one name, letter by letter. How deep they go and how many parts they make is bounded.</summary>
internal abstract class MangledReader(string text)
{
    private int _parts;

    protected string Mangled { get; } = text;

    /// <summary>Of the letter that is next.</summary>
    protected int Place { get; set; }

    protected int Depth { get; private protected set; }

    /// <summary>NUL at the end.</summary>
    protected char Peek => Ahead(0);

    protected char PeekNext => Ahead(1);

    protected char Ahead(int count) => Place + count < Mangled.Length ? Mangled[Place + count] : '\0';

    protected char Next() => Place < Mangled.Length ? Mangled[Place++] : throw new UndemangledException();

    protected bool Take(char letter)
    {
        if (Peek != letter)
            return false;
        Place++;
        return true;
    }

    protected bool Take(string letters)
    {
        if (string.CompareOrdinal(Mangled, Place, letters, 0, letters.Length) != 0)
            return false;
        Place += letters.Length;
        return true;
    }

    /// <exception cref="UndemangledException">Another letter is next.</exception>
    protected void Expect(char letter)
    {
        if (!Take(letter))
            throw new UndemangledException();
    }

    protected string TakeWhile(Func<char, bool> isPart)
    {
        int from = Place;
        while (isPart(Peek))
            Place++;
        return Mangled[from..Place];
    }

    /// <exception cref="UndemangledException">Fewer are left.</exception>
    protected string Take(int length)
    {
        if (length > Mangled.Length - Place)
            throw new UndemangledException();
        Place += length;
        return Mangled[(Place - length)..Place];
    }

    /// <exception cref="UndemangledException">It is too deep.</exception>
    protected void Enter()
    {
        if (++Depth > Limits.DemanglingDepth)
            throw new UndemangledException();
    }

    protected void Leave() => Depth--;

    /// <exception cref="UndemangledException">There are too many parts.</exception>
    protected void CountPart()
    {
        if (++_parts > Limits.DemangledParts)
            throw new UndemangledException();
    }
}
