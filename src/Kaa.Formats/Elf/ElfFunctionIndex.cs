namespace Kaa.Formats.Elf;

/// <summary>The functions of a symbol table in order of address.</summary>
internal sealed class ElfFunctionIndex
{
    private readonly ElfSymbolTable _table;
    private readonly ulong[] _starts;
    private readonly int[] _numbers;

    /// <param name="starts">Of the functions, in any order; kept.</param>
    /// <param name="numbers">Which symbol of the table each is; kept.</param>
    public ElfFunctionIndex(ElfSymbolTable table, ulong[] starts, int[] numbers)
    {
        (_table, _starts, _numbers) = (table, starts, numbers);
        Array.Sort(_starts, _numbers);
    }

    /// <summary>What may be a function: data and what is only a number are not; labels of hand-written assembly have no type.</summary>
    public static bool Takes(ElfSymbol symbol) =>
        symbol is { IsDefined: true, IsAbsolute: false, NameOffset: not 0, Type: ElfSymbolType.Function or ElfSymbolType.Indirect or ElfSymbolType.None };

    /// <summary>
    /// The innermost function that reaches up to an address; where none does, the nearest label below it that does not tell its size;
    /// null where there is none.
    /// </summary>
    public ElfSymbol? Find(ulong linkAddress)
    {
        ElfSymbol? label = null;
        int last = LastAtOrBelow(linkAddress);
        for (int steps = 0; last >= 0 && steps < Limits.NestedSymbols; steps++)
        {
            int first = last;
            while (first > 0 && _starts[first - 1] == _starts[last] && last - first < Limits.SymbolAliases)
                first--;
            if (Best(first, last, linkAddress, sized: true) is { } function)
                return function;
            if (steps == 0)
                label = Best(first, last, linkAddress, sized: false);
            last = first - 1;
        }

        return label;
    }

    private int LastAtOrBelow(ulong address) => BinarySearch.CountFirst(_starts, address, static (start, at) => start <= at) - 1;

    private ElfSymbol? Best(int first, int last, ulong address, bool sized)
    {
        ElfSymbol? best = null;
        string? name = null;
        for (int i = first; i <= last; i++)
        {
            ElfSymbol symbol = _table[_numbers[i]];
            if (sized ? address - symbol.Value >= symbol.Size : symbol.Size != 0)
                continue;
            int order = best is { } other ? Rank(symbol).CompareTo(Rank(other)) : -1;
            if (order == 0)
            {
                // Of several names for the same thing, the one that people know: read, not __read or __libc_read.
                name ??= _table.NameOf(best!.Value);
                string own = _table.NameOf(symbol);
                order = CompareNames(own, name);
                name = order < 0 ? own : name;
            }
            else if (order < 0)
            {
                name = null;
            }

            if (order < 0)
                best = symbol;
        }

        return best;
    }

    private static int Rank(ElfSymbol symbol) =>
        (symbol.Type == ElfSymbolType.None ? 2 : 0) + (symbol.Binding == ElfSymbolBinding.Local ? 1 : 0);

    private static int CompareNames(string left, string right)
    {
        int order = Underscores(left) - Underscores(right);
        if (order == 0)
            order = left.Length - right.Length;
        return order != 0 ? order : string.CompareOrdinal(left, right);
    }

    private static int Underscores(string name) => name.Length - name.AsSpan().TrimStart('_').Length;
}
