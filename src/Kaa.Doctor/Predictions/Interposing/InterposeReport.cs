using System.Globalization;
using Kaa.Doctor.Predictions.Linking;
using Kaa.Formats;
using Kaa.Results;
using Kaa.Target;
using Kaa.Target.Symbols;

namespace Kaa.Doctor.Predictions.Interposing;

/// <summary>Puts into words what was found: the verdict, the definitions, each module's calls.</summary>
internal sealed class InterposeReport(string symbol, ObservedTarget target, Symbolizer symbols, List<Definition> definitions)
{
    private const int Examples = 3;
    private const int MostSlots = 4;

    public List<Finding> Findings(List<ModuleCalls> calls)
    {
        List<Finding> findings = [Verdict(calls), DefinitionsFinding(calls)];
        foreach (ModuleCalls each in calls)
            findings.Add(Describe(each));
        return findings;
    }

    private Finding Verdict(List<ModuleCalls> calls)
    {
        int sites = calls.Sum(each => each.Sites);
        int seen = calls.Sum(each => each.Seen);
        int unread = calls.Count(each => each.Inlined is null);
        Severity severity = sites == 0 ? Severity.Info : seen == 0 ? Severity.Problem : seen < sites ? Severity.Warning : Severity.Ok;
        List<string> evidence =
        [
            .. calls.Where(each => each.Sites > 0).Select(each => Text($"{each.Module.FileName}: {each.Seen} of {each.Sites}{(each.Binding is null ? "" : ": " + each.Binding)}")),
        ];
        if (unread > 0)
            evidence.Add(Text($"{unread} of {calls.Count} modules have no debug information: copies that were inlined there can't be counted"));
        int pointers = calls.Sum(each => each.DirectPointers);
        if (pointers > 0)
            evidence.Add(Text($"besides, {pointers} instructions and words of data hold the address of the definition itself: calls through such pointers are not seen either"));
        return new Finding("interpose-verdict", severity, Text($"an interposed {symbol} would see {seen} of {sites} call sites"))
        {
            Subject = symbol,
            Evidence = evidence,
            Remedy = seen == sites ? [] : RemedyOf(),
            Facts = [("seen", seen), ("callSites", sites), ("directPointers", pointers), ("modulesWithoutDebugInfo", unread)],
        };
    }

    private string[] RemedyOf()
    {
        string entries = string.Join(", ", definitions.Select(definition => definition.Address.ToString()).Distinct());
        return [$"# probe the function's entry ({entries}) instead of its name: calls through stubs and direct ones all come there, inlined copies do not"];
    }

    private Finding DefinitionsFinding(List<ModuleCalls> calls)
    {
        IEnumerable<string> lines = definitions.Select(definition => Text(
            $"{definition.Name} at {definition.Address} in {definition.Object.Path} ({definition.Kind}, {definition.Symbol.Size} bytes)"));
        string[] modules = [.. definitions.Select(definition => definition.Object.FileName).Distinct()];
        int places = definitions.Select(definition => definition.Address.ToString()).Distinct().Count();
        string title = places switch
        {
            0 => $"nothing that is loaded defines {symbol}: calls of it fail",
            1 => $"one definition of {symbol}, in {modules[0]}",
            _ => Text($"{places} definitions of {symbol} and its clones, in {string.Join(", ", modules)}"),
        };
        return new Finding("interpose-definitions", definitions.Count == 0 ? Severity.Problem : Severity.Info, title)
        {
            Subject = symbol,
            Evidence = [.. lines],
            Facts = [("definitions", places), ("modules", calls.Count)],
        };
    }

    private Finding Describe(ModuleCalls calls)
    {
        int ways = (calls.Direct > 0 ? 1 : 0) + (calls.ByStub > 0 ? 1 : 0) + (calls.BySlot > 0 ? 1 : 0);
        string inlined = calls.Inlined switch { null => "", 0 => ", none inlined", { } copies => Text($", {copies} inlined copies") };
        string title = calls.Sites == 0 && ways == 0
            ? $"{calls.Module.FileName} has no call of {symbol}"
            : Text($"{calls.Module.FileName}: {calls.Direct} direct calls, {calls.ByStub} through the PLT, {calls.BySlot} through the GOT{inlined}");
        var evidence = new List<string>();
        evidence.AddRange(SlotLines(calls));
        foreach (ReferenceKind kind in (ReadOnlySpan<ReferenceKind>)[ReferenceKind.Direct, ReferenceKind.Stub, ReferenceKind.Slot, ReferenceKind.DirectPointer, ReferenceKind.SlotPointer])
            evidence.AddRange(calls.References.Where(reference => reference.Kind == kind).Take(Examples).Select(Line));
        if (calls.References.Any(reference => reference is { IsCall: true, IsVerified: false }))
            evidence.Add("no unwind rules tell where functions begin: taken from the bytes alone");
        return new Finding("interpose-calls", calls.Seen < calls.Sites ? Severity.Warning : Severity.Info, title)
        {
            Subject = calls.Module.Path,
            Evidence = evidence,
            Facts = FactsOf(calls),
        };
    }

    private static List<(string Name, long Value)> FactsOf(ModuleCalls calls)
    {
        List<(string, long)> facts =
        [
            ("seen", calls.Seen), ("callSites", calls.Sites), ("direct", calls.Direct), ("plt", calls.ByStub), ("got", calls.BySlot),
            ("pointers", calls.Pointers), ("directPointers", calls.DirectPointers),
        ];
        if (calls.Inlined is { } copies)
            facts.Add(("inlined", copies));
        return facts;
    }

    private IEnumerable<string> SlotLines(ModuleCalls calls)
    {
        foreach (SlotReference slot in calls.Slots.Take(MostSlots))
        {
            string kind = slot.IsPointer ? "pointer" : "slot";
            string version = slot.Version is null ? "" : $" (wants version {slot.Version})";
            yield return slot.IsUnbound
                ? $"{kind} {slot.Slot}: not bound yet{version}"
                : $"{kind} {slot.Slot} -> {slot.Content} {PlaceOf(slot.Content)}{version}";
        }

        if (calls.Slots.Count > MostSlots)
            yield return Text($"{calls.Slots.Count - MostSlots} more such words");
    }

    private string PlaceOf(Address? content)
    {
        if (content is not { IsNull: false } address)
            return "(nothing)";
        if (definitions.Find(definition => definition.Address == address) is { } known)
            return $"{known.Name} in {known.Object.FileName}";
        SymbolizedFrame frame = symbols.Resolve(address, isReturnAddress: false)[^1];
        return $"{frame.Function ?? "?"} in {target.Modules.Find(address)?.FileName ?? "no module"}";
    }

    private string Line(CodeReference reference)
    {
        SymbolizedFrame frame = symbols.Resolve(reference.Address, isReturnAddress: false)[^1];
        string bytes = string.Join(' ', reference.Bytes.Select(each => each.ToString("x2", CultureInfo.InvariantCulture)));
        (string way, string name) = reference.Kind switch
        {
            ReferenceKind.Direct => ("direct", definitions.Find(definition => definition.Address == reference.Target)?.Name ?? symbol),
            ReferenceKind.Stub => ("PLT", symbol + "@plt"),
            ReferenceKind.Slot => ("GOT", symbol + "@got"),
            ReferenceKind.DirectPointer => ("address", symbol),
            _ => ("address", symbol + "@got"),
        };
        string where = frame.Function is null ? "" : $"  in {frame.Function}{(frame.Line is { } line ? Text($" ({frame.File}:{line})") : "")}";
        return $"{way}: {reference.Address}: {bytes}  {reference.Text} <{name}>{where}";
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
