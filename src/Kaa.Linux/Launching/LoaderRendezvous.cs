using Kaa.Formats;
using Kaa.Formats.ProcText;
using Kaa.Linux.Proc;

namespace Kaa.Linux.Launching;

/// <summary>
/// struct r_debug (link.h), by which a dynamic linker tells debuggers what it has loaded: found through the program's own headers, which the kernel names in the
/// auxiliary vector, so that it is there from the first instruction on.
/// </summary>
public sealed class LoaderRendezvous
{
    private const int HeaderSize = 56; // Elf64_Phdr
    private const int MostHeaders = 64;
    private const int MostEntries = 256;
    private const uint ProgramHeaders = 6; // PT_PHDR
    private const uint Dynamic = 2; // PT_DYNAMIC
    private const ulong Debug = 21; // DT_DEBUG
    private const int MapOffset = 8; // r_map
    private const int BreakOffset = 16; // r_brk
    private const int StateOffset = 24; // r_state

    private readonly IMemory _memory;
    private readonly Address _dynamic;

    private LoaderRendezvous(IMemory memory, Address dynamic)
    {
        _memory = memory;
        _dynamic = dynamic;
    }

    /// <summary>Null for a static program, which loads nothing.</summary>
    public static LoaderRendezvous? Find(ProcRoot proc, int pid, IMemory memory)
    {
        var text = new KernelText();
        if (!text.TryRead(proc.Of(pid, "auxv"), out ReadOnlySpan<byte> bytes))
            return null;
        AuxiliaryVector vector = AuxiliaryVector.Parse(bytes);
        if (vector[AuxiliaryKey.ProgramHeaders] is not { } headers || vector[AuxiliaryKey.ProgramHeaderCount] is not (> 0 and <= MostHeaders and ulong count))
            return null;
        Span<byte> table = new byte[(int)count * HeaderSize];
        return memory.TryReadExactly(new Address(headers), table) && DynamicSection(table, headers) is { } dynamic ? new LoaderRendezvous(memory, dynamic) : null;
    }

    /// <summary>True where all that came with the program is mapped and relocated, and nothing is being loaded or unloaded (RT_CONSISTENT).</summary>
    public bool IsConsistent => Place() is { } place && _memory.TryReadPointer(place + MapOffset, out Address map) && !map.IsNull
        && _memory.TryReadPointer(place + StateOffset, out Address state) && (uint)state.Value == 0;

    /// <summary>The function that the linker calls before and after it changes its list; null before it has begun.</summary>
    public Address? Break => Place() is { } place && _memory.TryReadPointer(place + BreakOffset, out Address address) && !address.IsNull ? address : null;

    private static Address? DynamicSection(ReadOnlySpan<byte> table, ulong headers)
    {
        ulong bias = 0;
        ulong? dynamic = null;
        for (int at = 0; at < table.Length; at += HeaderSize)
        {
            uint type = BitConverter.ToUInt32(table[at..]);
            ulong address = BitConverter.ToUInt64(table[(at + 16)..]);
            if (type == ProgramHeaders)
                bias = unchecked(headers - address);
            else if (type == Dynamic)
                dynamic = address;
        }

        return dynamic is { } linked ? new Address(unchecked(linked + bias)) : null;
    }

    /// <summary>Of struct r_debug; null before the linker has begun.</summary>
    internal Address? Place()
    {
        for (int i = 0; i < MostEntries; i++)
        {
            Address entry = _dynamic + i * 16;
            if (!_memory.TryReadPointer(entry, out Address tag) || tag.IsNull)
                return null;
            if (tag.Value == Debug)
                return _memory.TryReadPointer(entry + 8, out Address value) && !value.IsNull ? value : null;
        }

        return null;
    }
}
