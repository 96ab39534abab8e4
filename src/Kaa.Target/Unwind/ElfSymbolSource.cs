using Kaa.Formats;
using Kaa.Formats.Elf;
using Kaa.Formats.ProcText;

namespace Kaa.Target.Unwind;

/// <summary>Names by the ELF symbols of files and separate debug files.</summary>
public sealed class ElfSymbolSource(ObservedTarget target) : ISymbolSource
{
    private readonly Dictionary<Address, SymbolizedFrame> _known = [];

    public void Find(Address address, bool isReturnAddress, List<SymbolizedFrame> frames)
    {
        Address place = isReturnAddress ? address - 1 : address;
        if (!_known.TryGetValue(place, out SymbolizedFrame frame))
            _known.Add(place, frame = Find(place));
        frames.Add(frame);
    }

    private SymbolizedFrame Find(Address place)
    {
        if (target.Modules.Find(place) is not { } module)
            return new SymbolizedFrame(null, target.Modules.FindMapping(place) is { Path.Length: > 0 } mapping ? mapping.Path : null, null, null, false);
        ModuleImage image = target.Images.For(module);
        return new SymbolizedFrame(Name(image, place), module.Path, null, null, false);
    }

    private static string? Name(ModuleImage image, Address place)
    {
        if (image.Elf is not { } elf)
            return null;
        ulong link = unchecked(place.Value - elf.Bias);
        return Name(() => image.File?.Symbols, link) ?? Name(() => image.DebugFile?.Symbols, link) ?? Name(() => image.File?.DynamicSymbols, link);
    }

    private static string? Name(Func<ElfSymbolTable?> open, ulong address)
    {
        try
        {
            return open() is { } table && table.FindByAddress(address) is { } symbol ? table.NameOf(symbol) : null;
        }
        catch (BadData)
        {
            return null;
        }
    }
}
