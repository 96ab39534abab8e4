using System.Buffers;

namespace Kaa.Formats.Elf;

/// <summary>
/// A symbol table of a file. By name it is searched in pieces, without ever holding it whole; by address it is read and sorted at
/// the first question.
/// </summary>
public sealed class ElfSymbolTable
{
    private const int PieceEntries = 2_048;

    private readonly ElfRange _table;
    private readonly ElfStrings _strings;
    private ElfSymbol[]? _byAddress;
    private ElfFunctionIndex? _functions;

    internal ElfSymbolTable(ElfRange table, ElfRange strings)
    {
        if (table.Length / ElfSymbol.EntrySize > Limits.ElfSymbols)
            throw new BadData("ELF", 0, $"more than {Limits.ElfSymbols} symbols");
        _table = table;
        _strings = new ElfStrings(strings);
    }

    public int Count => (int)(_table.Length / ElfSymbol.EntrySize);

    /// <summary>By its number in the table.</summary>
    /// <exception cref="BadData">The table ends before.</exception>
    public ElfSymbol this[int index]
    {
        get
        {
            Span<byte> entry = stackalloc byte[ElfSymbol.EntrySize];
            _table.ReadExactly((ulong)index * ElfSymbol.EntrySize, entry);
            return ElfSymbol.Parse(entry);
        }
    }

    /// <summary>A defined symbol by name, global ones before local ones; null where there is none.</summary>
    public ElfSymbol? Find(string name) => FindAll([name])[0];

    /// <summary>The same for several names in one pass, in the order of <paramref name="names"/>, which all differ.</summary>
    public ElfSymbol?[] FindAll(IReadOnlyList<string> names)
    {
        var found = new ElfSymbol?[names.Count];
        Dictionary<ulong, int> offsets = _strings.OffsetsOf(names);
        if (offsets.Count > 0)
            Scan(symbol => Keep(symbol, offsets, found));
        return found;
    }

    /// <summary>Calls with each symbol and its number, in the order of the table.</summary>
    public void ForEach(Action<int, ElfSymbol> visit)
    {
        int index = 0;
        Scan(symbol => visit(index++, symbol));
    }

    /// <summary>
    /// The function or data that an address lies in; where none says so, the nearest one below that does not tell its size (hand-written
    /// assembly); null where there is none.
    /// </summary>
    /// <param name="linkAddress">Without the load bias.</param>
    public ElfSymbol? FindByAddress(ulong linkAddress)
    {
        ElfSymbol[] symbols = _byAddress ??= Sorted();
        int index = UpperBound(symbols, linkAddress) - 1;
        for (int steps = 0; index >= 0 && steps < Limits.NestedSymbols; index--, steps++)
        {
            ElfSymbol symbol = symbols[index];
            if (linkAddress - symbol.Value < symbol.Size || symbol.Size == 0)
                return symbol;
        }

        return null;
    }

    /// <summary>The function that an address of code lies in; see <see cref="ElfFunctionIndex.Find"/>.</summary>
    /// <param name="linkAddress">Without the load bias.</param>
    public ElfSymbol? FindFunction(ulong linkAddress) => (_functions ??= Functions()).Find(linkAddress);

    /// <summary>The functions and data that begin in [<paramref name="start"/>, <paramref name="end"/>), in order of address.</summary>
    public ReadOnlySpan<ElfSymbol> Between(ulong start, ulong end)
    {
        ElfSymbol[] symbols = _byAddress ??= Sorted();
        int first = start == 0 ? 0 : UpperBound(symbols, start - 1);
        int last = end == 0 ? 0 : UpperBound(symbols, end - 1);
        return first < last ? symbols.AsSpan(first, last - first) : [];
    }

    public string NameOf(ElfSymbol symbol) => _strings.At(symbol.NameOffset);

    private static void Keep(ElfSymbol symbol, Dictionary<ulong, int> offsets, ElfSymbol?[] found)
    {
        if (!offsets.TryGetValue(symbol.NameOffset, out int index) || !symbol.IsDefined || symbol.Type is ElfSymbolType.File or ElfSymbolType.Section)
            return;
        if (found[index] is not { } other || (other.Binding == ElfSymbolBinding.Local && symbol.Binding != ElfSymbolBinding.Local))
            found[index] = symbol;
    }

    private static int UpperBound(ElfSymbol[] symbols, ulong address) => BinarySearch.CountFirst(symbols, address, static (symbol, at) => symbol.Value <= at);

    private ElfSymbol[] Sorted()
    {
        var symbols = new List<ElfSymbol>();
        Scan(symbol =>
        {
            if (symbol.HasAddress && !symbol.IsAbsolute && symbol.NameOffset != 0)
                symbols.Add(symbol);
        });
        symbols.Sort(CompareForSearch);
        return [.. symbols];
    }

    private ElfFunctionIndex Functions()
    {
        var starts = new List<ulong>();
        var numbers = new List<int>();
        int number = 0;
        Scan(symbol =>
        {
            if (ElfFunctionIndex.Takes(symbol))
            {
                starts.Add(symbol.Value);
                numbers.Add(number);
            }

            number++;
        });
        return new ElfFunctionIndex(this, [.. starts], [.. numbers]);
    }

    // Among symbols of one address the last is met first: global before local, a known size before none.
    private static int CompareForSearch(ElfSymbol left, ElfSymbol right)
    {
        int order = left.Value.CompareTo(right.Value);
        if (order == 0)
            order = (left.Size != 0).CompareTo(right.Size != 0);
        if (order == 0)
            order = (left.Binding != ElfSymbolBinding.Local).CompareTo(right.Binding != ElfSymbolBinding.Local);
        return order != 0 ? order : right.NameOffset.CompareTo(left.NameOffset);
    }

    private void Scan(Action<ElfSymbol> visit)
    {
        byte[] piece = ArrayPool<byte>.Shared.Rent(PieceEntries * ElfSymbol.EntrySize);
        try
        {
            for (int start = 0; start < Count; start += PieceEntries)
            {
                Span<byte> entries = piece.AsSpan(0, Math.Min(PieceEntries, Count - start) * ElfSymbol.EntrySize);
                _table.ReadExactly((ulong)start * ElfSymbol.EntrySize, entries);
                for (int i = 0; i < entries.Length; i += ElfSymbol.EntrySize)
                    visit(ElfSymbol.Parse(entries[i..]));
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(piece);
        }
    }
}
