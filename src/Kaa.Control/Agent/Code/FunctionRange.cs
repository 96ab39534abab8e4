using Kaa.Formats;
using Kaa.Formats.Elf;
using Kaa.Target;

namespace Kaa.Control.Agent.Code;

/// <summary>Where a function begins and ends, by the symbol tables of its module.</summary>
internal static class FunctionRange
{
    /// <summary>Null where no symbol with a size covers the address.</summary>
    public static (Address Start, Address End)? Find(ObservedTarget target, Address address)
    {
        if (target.Modules.Find(address) is not { } module || target.Images.For(module) is not { Elf: { } elf } image)
            return null;
        ulong link = unchecked(address.Value - elf.Bias);
        return Find(() => image.File?.Symbols, elf, link) ?? Find(() => image.DebugFile?.Symbols, elf, link) ?? Find(() => elf.DynamicSymbols, elf, link);
    }

    private static (Address Start, Address End)? Find(Func<ElfSymbolTable?> open, ElfImage elf, ulong link)
    {
        try
        {
            if (open()?.FindFunction(link) is not { Size: > 0 } symbol || link - symbol.Value >= symbol.Size)
                return null;
            Address start = elf.At(symbol.Value);
            return (start, start + Math.Min(symbol.Size, (ulong)Limits.HookedFunction));
        }
        catch (BadData)
        {
            return null;
        }
        catch (TargetFault fault) when (fault.Reason == FaultReason.Unmapped)
        {
            return null;
        }
    }
}
