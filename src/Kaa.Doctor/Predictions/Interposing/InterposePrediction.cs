using Kaa.Doctor.Predictions.Linking;
using Kaa.Formats;
using Kaa.Formats.Dwarf;
using Kaa.Formats.Elf;
using Kaa.Results;
using Kaa.Target;
using Kaa.Target.Symbols;

namespace Kaa.Doctor.Predictions.Interposing;

/// <summary>
/// Which calls of a function would an interposed one see (LD_PRELOAD, or a patched GOT)? Every definition, every word that the loader filled, and
/// every instruction that refers to them, with the instructions as proof.
/// </summary>
internal sealed class InterposePrediction(string symbol) : ICheck
{
    public string Subject => "interposing " + symbol;

    public IEnumerable<Finding> Examine(Examined examined)
    {
        if (examined.Target is not { } target)
            return [Unknown(examined.Refusal?.Message ?? "there is no process to predict it for")];
        IReadOnlyList<LinkedObject> objects = LinkMap.Read(target, TargetEnvironment.Of(examined).Preload) is { } map ? map.Objects : StaticProgram(target);
        List<Definition> definitions = Definitions.Find(objects, symbol);
        List<SlotReference> slots = SlotReference.Find(target, objects, symbol, definitions);
        if (definitions.Count == 0 && slots.Count == 0)
            return [NotThere(objects)];
        var search = new CodeSearch(target);
        var report = new InterposeReport(symbol, target, new Symbolizer(target), definitions);
        var calls = new List<ModuleCalls>();
        foreach (LinkedObject each in objects)
        {
            if (definitions.Exists(definition => definition.Object == each) || slots.Exists(slot => slot.Object == each))
                calls.Add(Calls(search, each, objects, definitions, slots));
        }

        return report.Findings(calls);
    }

    private ModuleCalls Calls(CodeSearch search, LinkedObject module, IReadOnlyList<LinkedObject> objects, List<Definition> definitions, List<SlotReference> slots)
    {
        SlotReference[] own = [.. slots.Where(slot => slot.Object == module)];
        var targets = new Dictionary<ulong, ReferenceKind>();
        foreach (Definition definition in definitions.Where(definition => definition.Object == module))
            targets[definition.Address.Value] = ReferenceKind.Direct;
        foreach (SlotReference slot in own.Where(slot => !slot.IsPointer))
            targets[slot.Slot.Value] = ReferenceKind.Slot;
        return new ModuleCalls(module)
        {
            References = search.Find(module, targets),
            Slots = own,
            Inlined = Inlined(module),
            Binding = BindingOf(module, objects, definitions),
        };
    }

    /// <summary>Where the loader would look first: in the module itself (-Bsymbolic), in the program, then in what was preloaded.</summary>
    private string? BindingOf(LinkedObject module, IReadOnlyList<LinkedObject> objects, List<Definition> definitions)
    {
        bool isOwn = definitions.Exists(definition => definition.Object == module && definition.IsDynamic);
        if (isOwn && module.Linkage.IsSymbolic)
            return "linked with -Bsymbolic: its own definition comes first";
        if (definitions.Exists(definition => definition.Object == module && definition.IsDynamic && definition.Symbol.Visibility == ElfVisibility.Protected))
            return "its own definition is protected: its references never leave it";
        LinkedObject program = objects[0];
        return definitions.Exists(definition => definition.Object == program && definition.IsDynamic)
            ? $"{program.FileName} exports {symbol} itself, and the program comes before what is preloaded"
            : null;
    }

    private int? Inlined(LinkedObject module)
    {
        try
        {
            return module.Image?.DebugInfo is { } info ? DwarfInlinedCopies.Find(info.File, info.Alt, symbol).Count : null;
        }
        catch (BadData)
        {
            return null;
        }
    }

    /// <summary>One that has no loader: all its code and symbols are in one image.</summary>
    private static List<LinkedObject> StaticProgram(ObservedTarget target)
    {
        var objects = new List<LinkedObject>();
        foreach (Module module in target.Modules.Modules)
        {
            if (target.Images.For(module) is { Elf: { } elf } image)
                objects.Add(new LinkedObject(module.Path, elf, elf.Linkage ?? ElfLinkage.None) { Image = image, IsProgram = true, IsInitial = true });
        }

        return objects;
    }

    private Finding Unknown(string reason) =>
        new("interpose-unknown", Severity.Warning, $"it can't be told who calls {symbol}: {reason}") { Subject = symbol, Incomplete = true };

    private Finding NotThere(IReadOnlyList<LinkedObject> objects) => new("interpose-no-symbol", Severity.Problem, $"nothing that is loaded defines or refers to {symbol}")
    {
        Subject = symbol,
        Evidence = [$"searched the symbol tables of {Quantity.Of(objects.Count, "module")}"],
        Remedy = ["# a static function of a stripped program has no name, and one that was inlined everywhere has no code of its own"],
    };
}
