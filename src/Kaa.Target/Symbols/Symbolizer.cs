using Kaa.Formats;
using Kaa.Formats.Elf;
using Kaa.Formats.ProcText;
using Kaa.Results;

namespace Kaa.Target.Symbols;

/// <summary>
/// Addresses of code → functions, files, lines and the calls that were inlined there. Nothing is read before it is asked for; what was
/// read is kept while the target is open. Needs no standstill: code does not change. Not safe for two threads at once.
/// </summary>
public sealed class Symbolizer(ObservedTarget target)
{
    private const string Vdso = "[vdso]";

    private readonly Dictionary<Address, ModuleCode?> _modules = [];
    private readonly Dictionary<string, Note> _notes = new(StringComparer.Ordinal);
    private readonly Dictionary<(Address Address, bool IsReturn), IReadOnlyList<SymbolizedFrame>> _answers = [];

    /// <summary>What a reader of the answers should know; grows with them.</summary>
    public IReadOnlyCollection<Note> Notes => _notes.Values;

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

    /// <summary>The name that a symbol table has for the function at an address, not demangled: no debug information is read for it. Null for none.</summary>
    /// <param name="isReturnAddress">As in <see cref="Resolve"/>.</param>
    public string? SymbolAt(Address address, bool isReturnAddress)
    {
        Address lookup = isReturnAddress && !address.IsNull ? address - 1 : address;
        if (target.Modules.FindMapping(lookup) is not { } mapping)
            return null;
        return CodeOf(target.Modules.Find(lookup), mapping)?.SymbolAt(lookup);
    }

    /// <summary>
    /// What to order questions by: debug information, which may be compressed, is then read once from its start to its end. Numbers of one module
    /// only can be compared.
    /// </summary>
    /// <param name="isReturnAddress">As in <see cref="Resolve"/>.</param>
    public (Address Module, ulong Place) OrderOf(Address address, bool isReturnAddress)
    {
        Address lookup = isReturnAddress && !address.IsNull ? address - 1 : address;
        if (target.Modules.FindMapping(lookup) is not { } mapping)
            return default;
        Module? module = target.Modules.Find(lookup);
        return (module?.Base ?? mapping.Start, CodeOf(module, mapping)?.OrderOf(lookup) ?? 0);
    }

    private IReadOnlyList<SymbolizedFrame> Look(Address address, Address lookup)
    {
        if (target.Modules.FindMapping(lookup) is not { } mapping)
            return [new SymbolizedFrame(null, null, null, null, false, null)];
        Module? module = target.Modules.Find(lookup);
        string? path = module?.Path ?? (mapping.Path == Vdso ? Vdso : null);
        if (CodeOf(module, mapping) is not { } code)
            return [new SymbolizedFrame(null, path, null, null, false, null)];
        IReadOnlyList<SymbolizedFrame> frames = code.Find(address, lookup);
        if (module is not null)
            TakeNotes(module.Path, code, target.Images.For(module));
        return frames;
    }

    private ModuleCode? CodeOf(Module? module, Mapping mapping)
    {
        Address key = module?.Base ?? mapping.Start;
        if (!_modules.TryGetValue(key, out ModuleCode? code))
        {
            code = module is not null ? Open(module) : OpenVdso(mapping);
            _modules.Add(key, code);
        }

        return code;
    }

    private ModuleCode? Open(Module module)
    {
        ModuleImage image = target.Images.For(module);
        return image.Elf is { } elf ? new ModuleCode(module.Path, elf, image) : null;
    }

    private ModuleCode? OpenVdso(Mapping mapping)
    {
        try
        {
            return mapping.Path == Vdso ? new ModuleCode(Vdso, ElfImage.FromMemory(target.Constants, mapping.Start), null) : null;
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

    private void TakeNotes(string path, ModuleCode code, ModuleImage image)
    {
        foreach (string rejected in image.RejectedDebugFiles)
        {
            _notes.TryAdd(rejected, new Note(
                NoteCodes.DebugFileMismatch, $"{rejected} is of another build than {path}, so it was not used", rejected));
        }

        if (code.Damage is { } damage)
            _notes.TryAdd("damage " + path, new Note(NoteCodes.DebugInfoDamaged, $"the debug information of {path} is damaged: {damage.Message}", path));
        if (code.LacksAlt)
        {
            _notes.TryAdd("alt " + path, new Note(
                NoteCodes.DebugAltMissing, $"a supplementary file of the debug information of {path} is missing: names may be missing too", path));
        }
    }
}
