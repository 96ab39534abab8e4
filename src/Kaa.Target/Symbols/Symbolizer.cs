using Kaa.Formats;
using Kaa.Formats.Elf;
using Kaa.Formats.ProcText;

namespace Kaa.Target.Symbols;

/// <summary>
/// Addresses of code → functions, files, lines and the calls that were inlined there. Nothing is read before it is asked for; what was
/// read is kept while the target is open. Needs no standstill: code does not change. Not safe for two threads at once.
/// </summary>
public sealed class Symbolizer(ObservedTarget target)
{
    private const string Vdso = "[vdso]";

    private readonly Dictionary<Address, ModuleSymbols?> _symbols = [];
    private readonly Dictionary<(Address Address, bool IsReturn), IReadOnlyList<SymbolizedFrame>> _answers = [];

    /// <summary>
    /// The functions at an address, the innermost first: those that were inlined there, then the one that was compiled. At least one, with
    /// nulls where nothing is known.
    /// </summary>
    /// <param name="isReturnAddress">The address is that behind a call: it is the call that is looked up, and the line is that of the call.</param>
    public IReadOnlyList<SymbolizedFrame> Resolve(Address address, bool isReturnAddress)
    {
        if (_answers.TryGetValue((address, isReturnAddress), out IReadOnlyList<SymbolizedFrame>? known))
            return known;
        if (_answers.Count >= Limits.SymbolizedAddresses)
            _answers.Clear();
        IReadOnlyList<SymbolizedFrame> frames = Look(address, isReturnAddress && !address.IsNull ? address - 1 : address);
        _answers.Add((address, isReturnAddress), frames);
        return frames;
    }

    private IReadOnlyList<SymbolizedFrame> Look(Address address, Address lookup)
    {
        if (target.Modules.FindMapping(lookup) is not { } mapping)
            return [new SymbolizedFrame(null, null, null, null, false, null)];
        Module? module = target.Modules.Find(lookup);
        string? path = module?.Path ?? (mapping.Path == Vdso ? Vdso : null);
        if (SymbolsOf(module, mapping) is not { } symbols || symbols.Find(lookup) is not { } found)
            return [new SymbolizedFrame(null, path, null, null, false, null)];
        ulong? offset = found.LinkStart is { } start ? unchecked(address.Value - symbols.Image.Bias - start) : null;
        return [new SymbolizedFrame(found.Name, path, null, null, false, offset) { Source = found.Source }];
    }

    private ModuleSymbols? SymbolsOf(Module? module, Mapping mapping)
    {
        Address key = module?.Base ?? mapping.Start;
        if (!_symbols.TryGetValue(key, out ModuleSymbols? symbols))
        {
            symbols = module is not null ? Open(target.Images.For(module)) : OpenVdso(mapping);
            _symbols.Add(key, symbols);
        }

        return symbols;
    }

    private static ModuleSymbols? Open(ModuleImage image) =>
        image.Elf is { } elf ? new ModuleSymbols(elf, image.File, image.DebugFile) : null;

    private ModuleSymbols? OpenVdso(Mapping mapping)
    {
        try
        {
            return mapping.Path == Vdso ? new ModuleSymbols(ElfImage.FromMemory(target.Constants, mapping.Start), null, null) : null;
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
