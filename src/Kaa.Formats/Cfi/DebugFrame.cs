namespace Kaa.Formats.Cfi;

/// <summary>Unwind rules of a file's <c>.debug_frame</c> section: no table, so it is read through once.</summary>
public sealed class DebugFrame : IUnwindRows
{
    private readonly List<FrameEntry> _entries = [];

    /// <param name="section">The section's bytes.</param>
    /// <param name="bias">What is added to the file's addresses to get the target's.</param>
    public DebugFrame(byte[] section, long bias)
    {
        var reader = new FrameEntryReader(new SectionMemory(section), debugFrame: true, bias);
        Address? at = Address.Null;
        while (at is { } place && place.Value < (ulong)section.Length && _entries.Count < Limits.FrameEntries)
        {
            if (reader.Read(place, out at) is { } entry)
                _entries.Add(entry);
        }

        _entries.Sort((left, right) => left.Start.CompareTo(right.Start));
    }

    public UnwindRow? Find(Address pc) => FrameEntries.Find(_entries, pc) is { } entry ? CfiProgram.Run(entry, pc) : null;

    public void Visit(UnwindRowVisitor visit) => FrameEntries.Visit(_entries, visit);

    /// <summary>A section as memory that begins at address 0.</summary>
    private sealed class SectionMemory(byte[] bytes) : IMemory
    {
        public int Read(Address address, Span<byte> buffer)
        {
            if (address.Value >= (ulong)bytes.Length)
                return 0;
            int count = Math.Min(buffer.Length, bytes.Length - (int)address.Value);
            bytes.AsSpan((int)address.Value, count).CopyTo(buffer);
            return count;
        }
    }
}
