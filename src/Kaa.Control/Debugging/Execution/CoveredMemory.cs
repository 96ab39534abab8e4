using Kaa.Formats;

namespace Kaa.Control.Debugging.Execution;

/// <summary>Memory as the program would see it without Kaa's changes of its code.</summary>
internal sealed class CoveredMemory(IMemory memory, IReadOnlyList<StopSite> planted) : IMemory
{
    public int Read(Address address, Span<byte> buffer)
    {
        int count = memory.Read(address, buffer);
        foreach (StopSite site in planted)
        {
            ReadOnlySpan<byte> original = site.Original;
            if (site.Address + (ulong)original.Length <= address.Value || site.Address >= address.Value + (ulong)count)
                continue;
            for (int i = 0; i < original.Length; i++)
            {
                ulong at = unchecked(site.Address + (ulong)i - address.Value);
                if (at < (ulong)count)
                    buffer[(int)at] = original[i];
            }
        }

        return count;
    }
}
