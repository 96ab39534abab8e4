using Kaa.Formats.ProcText;

namespace Kaa.Formats.Cores;

/// <summary>Everything that the notes of a core tell.</summary>
public sealed class CoreNotes
{
    internal CoreNotes()
    {
    }

    /// <summary>In the order of the file: of a kernel's core the first is the one that the signal was for.</summary>
    public IReadOnlyList<CoreThread> Threads => ThreadList;

    /// <summary>Null where it is missing.</summary>
    public CoreProcess? Process { get; internal set; }

    /// <summary>Null where it is missing.</summary>
    public AuxiliaryVector? Auxiliary { get; internal set; }

    /// <summary>The bytes of NT_AUXV, which lie on the first thread's stack just so; empty where it is missing.</summary>
    public byte[] AuxiliaryBytes { get; internal set; } = [];

    /// <summary>NT_FILE in order of address, ranges apart; empty where it is missing (before Linux 3.7).</summary>
    public IReadOnlyList<CoreFileMapping> Files { get; internal set; } = [];

    /// <summary>What <c>kaa core</c> added; null where another wrote the core.</summary>
    public KaaNote? Kaa { get; internal set; }

    /// <summary>Notes of others: the name of none of them is CORE, LINUX or GNU.</summary>
    public IReadOnlyList<CoreVendorNote> Vendor => VendorList;

    /// <summary>Why some of it could not be understood; empty where all could.</summary>
    public IReadOnlyList<BadData> Damages => DamageList;

    internal List<CoreThread> ThreadList { get; } = [];

    internal List<CoreVendorNote> VendorList { get; } = [];

    internal List<BadData> DamageList { get; } = [];
}
