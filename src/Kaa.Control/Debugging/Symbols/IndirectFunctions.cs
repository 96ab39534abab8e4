using Kaa.Formats;
using Kaa.Formats.Elf;
using Kaa.Formats.ProcText;
using Kaa.Results;
using Kaa.Target;

namespace Kaa.Control.Debugging.Symbols;

/// <summary>
/// Which implementation of a function the loader has chosen (IFUNC: <c>memcpy</c>): whatever has been bound to it has the address in a word, and relocations tell which words those are. Nothing of
/// the process runs for it.
/// </summary>
public static class IndirectFunctions
{
    // R_X86_64_64, R_X86_64_GLOB_DAT, R_X86_64_JUMP_SLOT, R_X86_64_IRELATIVE.
    private const uint Word = 1;
    private const uint GlobalData = 6;
    private const uint JumpSlot = 7;
    private const uint Relative = 37;

    /// <summary>Null where nothing that is loaded has been bound to it yet.</summary>
    public static Address? Find(Inferior inferior, SymbolPlace function)
    {
        foreach (Module module in inferior.Target.Modules.Modules)
        {
            if (inferior.Target.Images.For(module).Elf is { Linkage: { } linkage } elf && In(inferior, elf, linkage, function) is { } found)
                return found;
        }

        return null;
    }

    public static UserError Unknown(SymbolPlace function) => new(
        "indirect-function", $"{function.Name} of {function.Module.FileName} is chosen from several implementations (IFUNC), and nothing that is loaded has used it yet.",
        $"info functions {function.Name} shows them: name the one that is meant");

    private static Address? In(Inferior inferior, ElfImage elf, ElfLinkage linkage, SymbolPlace function)
    {
        try
        {
            foreach (ElfRelocation relocation in linkage.Relocations())
            {
                if (Means(elf, relocation, function) && Bound(inferior, elf, relocation, function) is { } target)
                    return target;
            }
        }
        catch (BadData)
        {
            // What was read so far has to do.
        }
        catch (TargetFault fault) when (fault.Reason == FaultReason.Unmapped)
        {
            // The same.
        }

        return null;
    }

    private static bool Means(ElfImage elf, ElfRelocation relocation, SymbolPlace function) => relocation.Type switch
    {
        Relative => elf.At(unchecked((ulong)relocation.Addend)) == function.Start,
        Word or GlobalData or JumpSlot => relocation.Symbol > 0 && relocation.Symbol < elf.DynamicSymbols.Count && elf.DynamicSymbols.NameOf(elf.DynamicSymbols[relocation.Symbol]) == function.Name,
        _ => false,
    };

    /// <summary>A word that was not bound yet leads into the procedure linkage table of its own module.</summary>
    private static Address? Bound(Inferior inferior, ElfImage elf, ElfRelocation relocation, SymbolPlace function)
    {
        if (!inferior.Memory.TryReadPointer(elf.At(relocation.Offset), out Address target) || target == function.Start)
            return null;
        bool isCode = inferior.Target.Modules.FindMapping(target) is { } mapping && mapping.Can(MappingAccess.Execute);
        return isCode && inferior.Target.Modules.Find(target) == function.Module && inferior.Names.Describe(target)?.EndsWith("@plt", StringComparison.Ordinal) != true ? target : null;
    }
}
