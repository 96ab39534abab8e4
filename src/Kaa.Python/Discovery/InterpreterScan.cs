using System.Runtime.InteropServices;
using Kaa.Formats;
using Kaa.Formats.ProcText;
using Kaa.Python.Layout;
using Kaa.Python.Semantics;
using Kaa.Target;

namespace Kaa.Python.Discovery;

/// <summary>
/// Finds an interpreter where nothing names it (stripped, nothing exported): a word of some module's data that points to a structure whose
/// first thread points back at it. Up to 3.12; later ones are found by their cookie.
/// </summary>
internal sealed class InterpreterScan(ObservedTarget target, IMemory memory)
{
    private const int PieceSize = 256 << 10;
    private const int WordSize = 8;

    private readonly HashSet<(int ThreadsHead, int Interp)> _places = Places();
    private readonly Dictionary<Address, bool> _judged = [];

    /// <summary>Likely modules first, then all others.</summary>
    public IEnumerable<RuntimeCandidate> Candidates()
    {
        foreach (Module module in PythonModules.InOrder(target.Modules))
        {
            foreach ((Address start, ulong size) in target.Images.For(module).WritableRanges)
            {
                foreach (Address word in In(start, size))
                    yield return new RuntimeCandidate(CandidateKind.PointerToInterpreter, word, module);
            }
        }
    }

    private static HashSet<(int ThreadsHead, int Interp)> Places()
    {
        var places = new HashSet<(int, int)>();
        foreach (CPythonVersion version in CPythonVersions.All)
        {
            PyLayout layout = version.Layout(16);
            if (version.OffsetsTable is null)
                places.Add((layout.Interpreter.threads_head, layout.Thread.interp));
        }

        return places;
    }

    private IEnumerable<Address> In(Address start, ulong size)
    {
        byte[] piece = new byte[(int)Math.Min(size & ~7ul, PieceSize)];
        for (ulong done = 0; piece.Length > 0 && done + WordSize <= size; done += (ulong)piece.Length)
        {
            int got = memory.Read(start + done, piece.AsSpan(0, (int)Math.Min((ulong)piece.Length, (size - done) & ~7ul)));
            for (int i = 0; i + WordSize <= got; i += WordSize)
            {
                if (PointsToInterpreter(piece, i))
                    yield return start + done + i;
            }
        }
    }

    private bool PointsToInterpreter(byte[] piece, int at)
    {
        var pointer = new Address(MemoryMarshal.Read<ulong>(piece.AsSpan(at)));
        if (!CanPointToState(pointer))
            return false;
        if (!_judged.TryGetValue(pointer, out bool verdict))
        {
            verdict = IsInterpreter(pointer);
            _judged.Add(pointer, verdict);
        }

        return verdict;
    }

    private bool IsInterpreter(Address interpreter)
    {
        foreach ((int threadsHead, int interp) in _places)
        {
            if (memory.TryReadPointer(interpreter + threadsHead, out Address thread) && CanPointToState(thread)
                && memory.TryReadPointer(thread + interp, out Address back) && back == interpreter)
            {
                return true;
            }
        }

        return false;
    }

    private bool CanPointToState(Address pointer) =>
        !pointer.IsNull && (pointer.Value & 7) == 0 && target.Modules.FindMapping(pointer) is { } mapping && mapping.Can(MappingAccess.Write);
}
