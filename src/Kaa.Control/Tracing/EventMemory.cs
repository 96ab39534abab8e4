using Kaa.Control.Agent;
using Kaa.Formats;

namespace Kaa.Control.Tracing;

/// <summary>
/// The memory that an agent's event brought with it: the texts behind its arguments. Whatever else an argument points to may have changed by the time that the event is
/// read, so it can't be read here.
/// </summary>
internal sealed class EventMemory : IMemory
{
    /// <summary>As much of a text as an event has room for.</summary>
    public const int LongestText = 256;

    private readonly List<(ulong Start, byte[] Bytes, bool IsWhole)> _texts = [];

    public void Begin(AgentEvent made)
    {
        _texts.Clear();
        IReadOnlyList<int> registers = made.Hook.Request.Texts;
        for (int i = 0; i < registers.Count && i < made.Texts.Count; i++)
        {
            if (made.Texts[i] is { } bytes)
                _texts.Add((made.Registers[registers[i]], bytes, bytes.Length < LongestText));
        }
    }

    public int Read(Address address, Span<byte> buffer)
    {
        foreach ((ulong start, byte[] bytes, bool isWhole) in _texts)
        {
            ulong offset = unchecked(address.Value - start);
            if (offset > (ulong)bytes.Length || (offset == (ulong)bytes.Length && !isWhole))
                continue;
            int count = Math.Min(bytes.Length - (int)offset, buffer.Length);
            bytes.AsSpan((int)offset, count).CopyTo(buffer);
            if (!isWhole || count == buffer.Length)
                return count;

            // Behind the NUL nothing is known, and nothing is asked for.
            buffer[count..].Clear();
            return buffer.Length;
        }

        return 0;
    }
}
