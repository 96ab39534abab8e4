using Kaa.Formats;
using Kaa.Formats.ProcText;
using Kaa.Python.Layout;
using Kaa.Target;

namespace Kaa.Python.Discovery;

/// <summary>
/// Finds <c>_PyRuntime</c> of 3.13 and later by the cookie at its start, where no symbol names it: in writable memory that was mapped from
/// files, since it is initialized data (PEP 768).
/// </summary>
internal sealed class CookieScan(ObservedTarget target, IMemory memory)
{
    private const int PieceSize = 1 << 20;

    /// <summary><c>_PyRuntime</c> is aligned as its fields are.</summary>
    private const int Alignment = 8;

    public IEnumerable<RuntimeCandidate> Candidates()
    {
        foreach (Mapping mapping in target.Mappings)
        {
            if (!mapping.IsFile || !mapping.Can(MappingAccess.Read | MappingAccess.Write) || mapping.Can(MappingAccess.Shared))
                continue;
            foreach (Address address in In(mapping))
                yield return new RuntimeCandidate(CandidateKind.Runtime, address, target.Modules.Find(address));
        }
    }

    private IEnumerable<Address> In(Mapping mapping)
    {
        byte[] piece = new byte[(int)Math.Min(mapping.Length, PieceSize)];
        ulong length = Math.Min(mapping.Length, Limits.ElfDataSegment);
        for (ulong done = 0; done < length; done += (ulong)piece.Length)
        {
            Address start = mapping.Start + done;
            int got = memory.Read(start, piece.AsSpan(0, (int)Math.Min((ulong)piece.Length, length - done)));
            for (int at = Next(piece, 0, got); at >= 0; at = Next(piece, at + Alignment, got))
                yield return start + at;
        }
    }

    private static int Next(byte[] piece, int from, int end)
    {
        while (from + Alignment <= end)
        {
            int found = piece.AsSpan(from, end - from).IndexOf(DebugOffsets.Cookie);
            if (found < 0)
                return -1;
            from += found;
            if (from % Alignment == 0)
                return from;
            from++;
        }

        return -1;
    }
}
