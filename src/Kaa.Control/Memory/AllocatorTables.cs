using System.Runtime.InteropServices;
using Iced.Intel;
using Kaa.Control.Agent.Code;
using Kaa.Formats;
using Kaa.Formats.ProcText;
using Kaa.Target;

namespace Kaa.Control.Memory;

/// <summary>One domain of CPython's allocators (PEP 445): where its table lies, and what that holds.</summary>
/// <param name="Table">Address of the PyMemAllocatorEx: a context, then malloc, calloc, realloc, free.</param>
internal sealed record AllocatorTable(Address Table, IReadOnlyList<ulong> Functions);

/// <summary>
/// Finds CPython's tables of allocators where no symbol and no offset tells: by the code of the three functions that call through them, which reads the table's words. Works alike for
/// static tables (3.4 to 3.11) and those in <c>_PyRuntime</c> (3.12+), in builds with and without symbols.
/// </summary>
/// <param name="module">The image that the interpreter lies in.</param>
internal sealed class AllocatorTables(ObservedTarget target, Module module)
{
    // The call through the table is the way that is seldom taken, at the function's end: pymalloc is inlined in front of it.
    private const int MostCode = 1024;
    private const int LeastCode = 96;
    private const int Words = 5;
    private const int WordSize = 8;
    private const int MostInFront = 4;

    public const int ContextWords = 8;

    /// <summary>PyMem_Raw, PyMem, PyObject; their calls are malloc, calloc, realloc, free.</summary>
    private static readonly string[][] s_functions =
    [
        ["PyMem_RawMalloc", "PyMem_RawFree", "PyMem_RawRealloc"],
        ["PyMem_Malloc", "PyMem_Free", "PyMem_Realloc"],
        ["PyObject_Malloc", "PyObject_Free", "PyObject_Realloc"],
    ];

    private readonly IMemory _memory = target.Glance();

    /// <summary>Null where not all three are found (2.7 has none).</summary>
    public AllocatorTable[]? Find()
    {
        var tables = new AllocatorTable[s_functions.Length];
        var taken = new HashSet<Address>();
        for (int domain = 0; domain < tables.Length; domain++)
        {
            if (FindOne(s_functions[domain], taken) is not { } table)
                return null;
            tables[domain] = table;
            taken.Add(table.Table);
        }

        return tables;
    }

    /// <summary>Whether somebody who is in front of a domain's functions, as tracemalloc, has saved one that lies there: he calls it.</summary>
    public bool LeadTo(Address start, Address end) =>
        Find() is { } tables && Array.Exists(tables, table => _memory.TryReadPointer(table.Table, out Address context) && LeadsTo(ReadContext, context, start, end));

    /// <inheritdoc cref="LeadTo"/>
    /// <param name="read">Gives <see cref="ContextWords"/> words; null where they can't be read.</param>
    /// <param name="context">Of a table.</param>
    /// <remarks>What he saved begins with his own context, or has it behind a word (debug_alloc_api_t, Objects/obmalloc.c): there may be another one whom he is in front of.</remarks>
    public static bool LeadsTo(Func<Address, ulong[]?> read, Address context, Address start, Address end, int most = MostInFront)
    {
        if (context.IsNull || most == 0 || read(context) is not { } words)
            return false;
        return Array.Exists(words, word => word >= start.Value && word < end.Value)
            || LeadsTo(read, new Address(words[0]), start, end, most - 1) || LeadsTo(read, new Address(words[1]), start, end, most - 1);
    }

    private ulong[]? ReadContext(Address place)
    {
        ulong[] words = new ulong[ContextWords];
        return _memory.TryReadExactly(place, MemoryMarshal.AsBytes(words.AsSpan())) ? words : null;
    }

    /// <summary>
    /// Where pymalloc finds the function by which it takes arenas: the second word of a PyObjectArenaAllocator (a context, then alloc and free), which PyObject_GetArenaAllocator copies. Null where
    /// that can't be told.
    /// </summary>
    public (Address Word, ulong Function)? FindArena()
    {
        const int Copied = 2 * WordSize; // what is read by itself, whether the two words in front are read one by one or at once
        if (target.Images.For(module).FindSymbol("PyObject_GetArenaAllocator") is not { } function || FunctionRange.Find(target, function) is not { } range)
            return null;
        (Address, ulong)? found = null;
        HashSet<Address> touched = Touched(function, (int)Math.Min(range.End - function, MostCode));
        foreach (Address start in touched)
        {
            if (!touched.Contains(start + Copied) || Read(start, Copied / WordSize) is not { } table)
                continue;
            if (found is not null)
                return null;
            found = (start + WordSize, table.Functions[0]);
        }

        return found;
    }

    /// <summary>All of a domain's functions must agree: what one of them reads besides may look like a table by chance.</summary>
    /// <param name="taken">Those of the domains that were found before: large blocks of the others come from there, by code that may be inlined.</param>
    private AllocatorTable? FindOne(string[] names, HashSet<Address> taken)
    {
        HashSet<Address>? common = null;
        foreach (string name in names)
        {
            if (target.Images.For(module).FindSymbol(name) is not { } function)
                return null;
            var bases = new HashSet<Address>();
            HashSet<Address> touched = Touched(function, FunctionRange.Find(target, function) is { } range ? (int)Math.Clamp(range.End - function, LeastCode, MostCode) : LeastCode);
            foreach (Address word in touched)
            {
                // A call reads the context in front of the table, and one of the functions behind it.
                for (int i = 1; i < Words; i++)
                {
                    Address start = word - i * WordSize;
                    if (touched.Contains(start))
                        bases.Add(start);
                }
            }

            if (common is null)
                common = bases;
            else
                common.IntersectWith(bases);
        }

        AllocatorTable? found = null;
        foreach (Address start in common!)
        {
            if (taken.Contains(start) || Read(start) is not { } table)
                continue;
            if (found is not null)
                return null;
            found = table;
        }

        return found;
    }

    /// <param name="count">Of functions.</param>
    private AllocatorTable? Read(Address start, int count = Words - 1)
    {
        if (start.Value % WordSize != 0)
            return null;
        ulong[] functions = new ulong[count];
        for (int i = 0; i < functions.Length; i++)
        {
            if (!_memory.TryRead(start + (i + 1) * WordSize, out functions[i])
                || target.Modules.FindMapping(new Address(functions[i])) is not { } mapping || !mapping.Can(MappingAccess.Execute))
                return null;
        }

        return new AllocatorTable(start, functions);
    }

    /// <summary>Addresses of data that the first instructions of a function refer to: by the program counter, or by a register whose value that gave.</summary>
    private HashSet<Address> Touched(Address function, int size)
    {
        byte[] code = new byte[size];
        int got = _memory.Read(function, code);
        var decoder = Decoder.Create(64, code.AsSpan(0, got).ToArray(), function.Value, DecoderOptions.None);
        var touched = new HashSet<Address>();
        var known = new Dictionary<Register, ulong>();
        while (decoder.IP < function.Value + (ulong)got)
        {
            decoder.Decode(out Instruction instruction);
            if (instruction.IsInvalid)
                break;
            Address? place = Place(instruction, known);
            if (place is { } address && instruction.Mnemonic != Mnemonic.Lea)
                touched.Add(address);
            if (instruction.OpCount == 0 || instruction.GetOpKind(0) != OpKind.Register || instruction.Mnemonic is Mnemonic.Cmp or Mnemonic.Test or Mnemonic.Push)
                continue;
            Register register = instruction.GetOpRegister(0).GetFullRegister();
            known.Remove(register);
            if (place is { } data && instruction.Mnemonic == Mnemonic.Lea)
                known[register] = data.Value;
            else if (place is { } word && instruction.Mnemonic == Mnemonic.Mov && _memory.TryRead(word, out ulong value))
                known[register] = value;
            else if (instruction.Mnemonic == Mnemonic.Mov && instruction.GetOpKind(1) is OpKind.Immediate32to64 or OpKind.Immediate64 or OpKind.Immediate32)
                known[register] = instruction.GetImmediate(1);
        }

        return touched;
    }

    private static Address? Place(in Instruction instruction, Dictionary<Register, ulong> known)
    {
        for (int i = 0; i < instruction.OpCount; i++)
        {
            if (instruction.GetOpKind(i) != OpKind.Memory || instruction.MemoryIndex != Register.None)
                continue;
            if (instruction.IsIPRelativeMemoryOperand)
                return new Address(instruction.IPRelativeMemoryAddress);
            if (instruction.MemoryBase == Register.None)
                return new Address(instruction.MemoryDisplacement64);
            return known.TryGetValue(instruction.MemoryBase.GetFullRegister(), out ulong value) ? new Address(unchecked(value + instruction.MemoryDisplacement64)) : null;
        }

        return null;
    }
}
