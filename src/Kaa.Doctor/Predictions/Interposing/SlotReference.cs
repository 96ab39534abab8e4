using Kaa.Doctor.Predictions.Linking;
using Kaa.Formats;
using Kaa.Formats.Elf;
using Kaa.Target;

namespace Kaa.Doctor.Predictions.Interposing;

/// <summary>A word that the loader fills with the address of a symbol: of the GOT, or a pointer in data.</summary>
/// <param name="Slot">Address of the word.</param>
/// <param name="Content">What lies in it now; null where that can't be read.</param>
/// <param name="IsPointer">In data (R_X86_64_64): it is called by whoever has the pointer, not by an instruction that names the word.</param>
/// <param name="IsRelative">A pointer in data that the loader only moved: it leads to the module's own definition, whatever is interposed.</param>
/// <param name="IsUnbound">It still leads to the module's own stub: the function was not called from there yet.</param>
internal sealed record SlotReference(LinkedObject Object, Address Slot, Address? Content, string? Version, bool IsPointer, bool IsUnbound, bool IsRelative = false)
{
    // R_X86_64_64, GLOB_DAT, JUMP_SLOT of the psABI.
    private const uint Absolute = 1;
    private const uint GlobalData = 6;
    private const uint JumpSlot = 7;
    private const uint Relative = 8; // R_X86_64_RELATIVE

    public static List<SlotReference> Find(ObservedTarget target, IReadOnlyList<LinkedObject> objects, string name, IReadOnlyList<Definition> definitions)
    {
        var found = new List<SlotReference>();
        IMemory memory = target.Glance();
        foreach (LinkedObject each in objects)
        {
            HashSet<int> symbols = Numbers(each, name);
            HashSet<Address> own = Own(each, definitions);
            if (symbols.Count == 0 && own.Count == 0)
                continue;
            foreach (ElfRelocation relocation in each.Linkage.Relocations())
            {
                if (relocation.Type is Absolute or GlobalData or JumpSlot && symbols.Contains(relocation.Symbol))
                    found.Add(Read(memory, each, relocation));
                else if (relocation.Type == Relative && own.Contains(each.Elf.At(unchecked((ulong)relocation.Addend))))
                    found.Add(RelativePointer(memory, each, each.Elf.At(relocation.Offset)));
            }

            if (own.Count > 0)
                AddPacked(memory, each, own, found);
        }

        return found;
    }

    private static HashSet<Address> Own(LinkedObject each, IReadOnlyList<Definition> definitions)
    {
        var own = new HashSet<Address>();
        foreach (Definition definition in definitions)
        {
            if (definition.Object == each)
                own.Add(definition.Address);
        }

        return own;
    }

    /// <summary>Packed relocations do not say where their words lead: the words do, unless the program has changed them.</summary>
    private static void AddPacked(IMemory memory, LinkedObject each, HashSet<Address> own, List<SlotReference> found)
    {
        foreach (ulong offset in each.Linkage.PackedRelative())
        {
            Address slot = each.Elf.At(offset);
            if (memory.TryReadPointer(slot, out Address value) && own.Contains(value))
                found.Add(RelativePointer(memory, each, slot));
        }
    }

    private static SlotReference RelativePointer(IMemory memory, LinkedObject each, Address slot) =>
        new(each, slot, memory.TryReadPointer(slot, out Address value) ? value : null, null, IsPointer: true, IsUnbound: false, IsRelative: true);

    /// <summary>The numbers of a name in <c>.dynsym</c>, where it is needed or defined.</summary>
    private static HashSet<int> Numbers(LinkedObject each, string name)
    {
        var numbers = new HashSet<int>();
        ElfSymbolTable table = each.Elf.DynamicSymbols;
        table.ForEach((index, symbol) =>
        {
            if (index > 0 && table.NameOf(symbol) == name)
                numbers.Add(index);
        });
        return numbers;
    }

    private static SlotReference Read(IMemory memory, LinkedObject each, ElfRelocation relocation)
    {
        Address slot = each.Elf.At(relocation.Offset);
        Address? content = memory.TryReadPointer(slot, out Address value) ? value : null;
        bool isUnbound = relocation.IsLazy && content is { } own && each.Elf.Contains(own) && LeadsToStub(each, own);
        return new SlotReference(each, slot, content, each.NameOf(relocation.Symbol).Version, relocation.Type == Absolute, isUnbound);
    }

    private static bool LeadsToStub(LinkedObject each, Address address)
    {
        try
        {
            return each.Elf.FindStub(address) is not null;
        }
        catch (BadData)
        {
            return false;
        }
    }
}
