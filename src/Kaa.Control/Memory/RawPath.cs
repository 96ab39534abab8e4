using Iced.Intel;
using Kaa.Formats;
using Kaa.Target;
using Kaa.Target.Unwind;

namespace Kaa.Control.Memory;

/// <summary>
/// Tells whether a domain's function for freeing hands on what is no block of its own pools to PyMem_RawFree, as pymalloc does (obmalloc.c): then samples can be taken from there, whose
/// end is seen there, and all other calls of the function need not be looked at. By its code: no symbol names it, and debug allocators, mimalloc and those of programs do otherwise.
/// </summary>
internal sealed class RawPath(ObservedTarget target, Module module)
{
    private const int MostRanges = 4; // the function, and parts of it that the compiler put elsewhere
    private const int MostCode = 8192;
    private const int TableSize = 40;
    private const int StubCode = 24;

    private readonly IMemory _memory = target.Glance();
    private readonly ModuleUnwindSource _rules = new(target);

    /// <param name="domain">PyMem or PyObject.</param>
    /// <param name="raw">PyMem_Raw.</param>
    public bool Leads(AllocatorTable domain, AllocatorTable raw)
    {
        if (!_memory.TryReadPointer(domain.Table, out Address context) || !context.IsNull || target.Images.For(module).FindSymbol("PyMem_RawFree") is not { } rawFree)
            return false;
        var ranges = new Queue<Address>([new Address(domain.Functions[^1])]);
        var seen = new HashSet<Address>();
        while (ranges.TryDequeue(out Address place) && seen.Count < MostRanges)
        {
            if (RangeAt(place) is not { } range || !seen.Add(range.Start))
                continue;
            if (Reads(range, raw.Table, rawFree, ranges))
                return true;
        }

        return false;
    }

    /// <summary>Where a stub of the procedure linkage table leads, once its word is bound; null for other code.</summary>
    private Address? ThroughStub(Address place)
    {
        Span<byte> code = stackalloc byte[StubCode];
        int got = _memory.Read(place, code);
        var decoder = Decoder.Create(64, code[..got].ToArray(), place.Value, DecoderOptions.None);
        decoder.Decode(out Instruction instruction);
        if (instruction.Code == Code.Endbr64)
            decoder.Decode(out instruction);
        return instruction.FlowControl == FlowControl.IndirectBranch && instruction.IsIPRelativeMemoryOperand && _memory.TryReadPointer(new Address(instruction.IPRelativeMemoryAddress), out Address to) ? to : null;
    }

    /// <summary>The function, or part of one, that the unwind rules name.</summary>
    private (Address Start, Address End)? RangeAt(Address place)
    {
        try
        {
            return _rules.RowsFor(place)?.Find(place) is { } row && row.End > row.Start && row.End - row.Start <= MostCode ? (row.Start, row.End) : null;
        }
        catch (BadData)
        {
            return null;
        }
    }

    /// <param name="others">Where it jumps to, outside of itself.</param>
    private bool Reads((Address Start, Address End) range, Address table, Address rawFree, Queue<Address> others)
    {
        byte[] code = new byte[range.End - range.Start];
        if (!_memory.TryReadExactly(range.Start, code))
            return false;
        var decoder = Decoder.Create(64, code, range.Start.Value, DecoderOptions.None);
        while (decoder.IP < range.End.Value)
        {
            decoder.Decode(out Instruction instruction);
            if (instruction.IsIPRelativeMemoryOperand && instruction.IPRelativeMemoryAddress - table.Value < TableSize)
                return true;
            if (instruction.FlowControl is not (FlowControl.Call or FlowControl.ConditionalBranch or FlowControl.UnconditionalBranch) || instruction.NearBranchTarget == 0)
                continue;
            var to = new Address(instruction.NearBranchTarget);
            if (to == rawFree || ThroughStub(to) == rawFree)
                return true;
            if (instruction.FlowControl != FlowControl.Call && (to < range.Start || to >= range.End))
                others.Enqueue(to);
        }

        return false;
    }
}
