using Kaa.Doctor.Predictions.Linking;

namespace Kaa.Doctor.Predictions.Interposing;

/// <summary>How the code of one module gets to a function, and what of that an interposed one would see.</summary>
internal sealed class ModuleCalls(LinkedObject module)
{
    public LinkedObject Module { get; } = module;

    public required IReadOnlyList<CodeReference> References { get; init; }

    public required IReadOnlyList<SlotReference> Slots { get; init; }

    /// <summary>Copies that were inlined, by debug information; null where there is none to tell.</summary>
    public required int? Inlined { get; init; }

    /// <summary>Why its references through the loader would not reach an interposed definition; null where they would.</summary>
    public required string? Binding { get; init; }

    public int Direct => Count(ReferenceKind.Direct);

    public int ByStub => Count(ReferenceKind.Stub);

    public int BySlot => Count(ReferenceKind.Slot);

    /// <summary>Places that run the function: calls and inlined copies.</summary>
    public int Sites => Direct + ByStub + BySlot + (Inlined ?? 0);

    /// <summary>Those of <see cref="Sites"/> that an interposed definition would see.</summary>
    public int Seen => Binding is null ? ByStub + BySlot : 0;

    public int Pointers => Count(ReferenceKind.SlotPointer) + Slots.Count(slot => slot is { IsPointer: true, IsRelative: false });

    /// <summary>Instructions that take the definition's own address, and words of data that hold it.</summary>
    public int DirectPointers => Count(ReferenceKind.DirectPointer) + Slots.Count(slot => slot.IsRelative);

    /// <summary>Where its slots lead that are bound.</summary>
    public IEnumerable<SlotReference> Bound => Slots.Where(slot => !slot.IsUnbound && slot.Content is { IsNull: false });

    private int Count(ReferenceKind kind) => References.Count(reference => reference.Kind == kind);
}
