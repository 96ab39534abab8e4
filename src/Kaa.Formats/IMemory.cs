namespace Kaa.Formats;

/// <summary>Bytes at addresses: a live process, a core, a test's array.</summary>
public interface IMemory
{
    /// <summary>
    /// Copies up to <c>buffer.Length</c> bytes from <paramref name="address"/>; gives how many were readable in one run from there.
    /// A hole is a short count, 0 included, never an exception. Throws <see cref="TargetFault"/> only where the whole
    /// look must come to an end (its time is up, the target is gone).
    /// </summary>
    int Read(Address address, Span<byte> buffer);
}
