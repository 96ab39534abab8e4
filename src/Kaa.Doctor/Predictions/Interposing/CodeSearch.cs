using System.Buffers.Binary;
using Iced.Intel;
using Kaa.Doctor.Predictions.Linking;
using Kaa.Formats;
using Kaa.Formats.Cfi;
using Kaa.Formats.Elf;
using Kaa.Target;
using Kaa.Target.Unwind;

namespace Kaa.Doctor.Predictions.Interposing;

/// <summary>
/// Finds the instructions of a module that refer to given addresses: every four bytes that, taken as a distance from behind them, lead to one;
/// then the function around them is disassembled to see whether they are an instruction's. Function borders come from the unwind rules.
/// </summary>
internal sealed class CodeSearch(ObservedTarget target)
{
    private const int PieceSize = 1 << 20;
    private const int LongestInstruction = 15;
    private const int LongestFunction = 1 << 20;

    private readonly ModuleUnwindSource _rules = new(target);

    /// <param name="targets">Definitions and words of the GOT. Stubs that jump through the words are found, and added.</param>
    public List<CodeReference> Find(LinkedObject module, IReadOnlyDictionary<ulong, ReferenceKind> targets)
    {
        var all = new Dictionary<ulong, ReferenceKind>(targets);
        List<CodeReference> first = Search(module, all);
        var stubs = new Dictionary<ulong, ReferenceKind>();
        foreach (CodeReference reference in first)
        {
            if (reference.Kind == ReferenceKind.StubItself)
                stubs[StubStart(reference.Address).Value] = ReferenceKind.Stub;
        }

        return stubs.Count == 0 ? first : [.. first, .. Search(module, stubs)];
    }

    private List<CodeReference> Search(LinkedObject module, Dictionary<ulong, ReferenceKind> targets)
    {
        var found = new List<CodeReference>();
        ulong[] wanted = [.. targets.Keys];
        byte[] piece = new byte[PieceSize + sizeof(int)];
        foreach (ElfSegment segment in module.Elf.Segments)
        {
            if (!segment.Flags.HasFlag(ElfSegmentFlags.Execute))
                continue;
            long length = (long)Math.Min(segment.FileSize, (ulong)Limits.SearchedCode);
            for (long at = 0; at < length; at += PieceSize)
            {
                // Pieces overlap by three bytes, so that a distance on the border is met once.
                int size = (int)Math.Min(piece.Length - 1, length - at);
                int got = target.Constants.Read(segment.Start + at, piece.AsSpan(0, size));
                Scan(module, segment.Start + at, piece.AsSpan(0, got), wanted, targets, found);
            }
        }

        return found;
    }

    private void Scan(
        LinkedObject module, Address start, ReadOnlySpan<byte> code, ReadOnlySpan<ulong> wanted, Dictionary<ulong, ReferenceKind> targets, List<CodeReference> found)
    {
        for (int i = 0; i + sizeof(int) <= code.Length; i++)
        {
            ulong led = unchecked(start.Value + (ulong)i + sizeof(int) + (ulong)(long)BinaryPrimitives.ReadInt32LittleEndian(code[i..]));
            if (!wanted.Contains(led) || Judge(module, start + i, new Address(led), targets[led]) is not { } reference)
                continue;
            if (found.Count >= Limits.CodeReferences)
                throw new BadData(module.Path, start.Value, $"more than {Limits.CodeReferences} references");
            found.Add(reference);
        }
    }

    /// <summary>The instruction that ends with the distance at an address; null where there is none.</summary>
    private CodeReference? Judge(LinkedObject module, Address distance, Address led, ReferenceKind kind)
    {
        if (RangeOf(distance) is { } range && distance - range.Start < LongestFunction && Decode(range.Start, distance + sizeof(int), out Instruction exact))
            return Describe(module, exact, led, kind, isVerified: true);
        if (RangeOf(distance) is not null)
            return null;

        // No unwind rules (musl, hand-written assembly): the shortest instruction that ends there and is a reference.
        for (int before = 1; before <= 3; before++)
        {
            if (Decode(distance - before, distance + sizeof(int), out Instruction likely) && Describe(module, likely, led, kind, isVerified: false) is { } reference)
                return reference;
        }

        return null;
    }

    private (Address Start, Address End)? RangeOf(Address address)
    {
        try
        {
            return _rules.RowsFor(address)?.Find(address) is { } row ? (row.Start, row.End) : null;
        }
        catch (Exception fault) when (fault is BadData or TargetFault { Reason: FaultReason.Unmapped })
        {
            return null;
        }
    }

    /// <summary>Decodes from one address on; gives the instruction that ends at another, false where none does.</summary>
    private bool Decode(Address start, Address end, out Instruction instruction)
    {
        byte[] code = new byte[end - start + LongestInstruction];
        int got = target.Constants.Read(start, code);
        var decoder = Decoder.Create(64, new ByteArrayCodeReader(code, 0, got), start.Value);
        while (decoder.IP < end.Value)
        {
            decoder.Decode(out instruction);
            if (instruction.NextIP == end.Value && !instruction.IsInvalid)
                return true;
        }

        instruction = default;
        return false;
    }

    private CodeReference? Describe(LinkedObject module, in Instruction instruction, Address led, ReferenceKind kind, bool isVerified)
    {
        var address = new Address(instruction.IP);
        bool isBranch = instruction.FlowControl is FlowControl.Call or FlowControl.UnconditionalBranch or FlowControl.ConditionalBranch
            && instruction.Op0Kind == OpKind.NearBranch64 && instruction.NearBranchTarget == led.Value;
        bool isMemory = instruction.IsIPRelativeMemoryOperand && instruction.IPRelativeMemoryAddress == led.Value;
        ReferenceKind? judged = kind switch
        {
            ReferenceKind.Slot when isMemory && instruction.FlowControl == FlowControl.IndirectCall => ReferenceKind.Slot,
            ReferenceKind.Slot when isMemory && instruction.FlowControl == FlowControl.IndirectBranch => IsStub(module, address) ? ReferenceKind.StubItself : ReferenceKind.Slot,
            ReferenceKind.Slot when isMemory && instruction.Mnemonic is Mnemonic.Mov or Mnemonic.Push or Mnemonic.Cmp => ReferenceKind.SlotPointer,
            ReferenceKind.Direct or ReferenceKind.Stub when isBranch => kind,
            ReferenceKind.Direct when isMemory && instruction.Mnemonic == Mnemonic.Lea => ReferenceKind.DirectPointer,
            _ => null,
        };
        if (judged is not { } known || (known == ReferenceKind.Direct && IsLoop(instruction, led)))
            return null;
        byte[] bytes = new byte[instruction.Length];
        target.Constants.Read(address, bytes);
        return new CodeReference(address, known, led, bytes, TextOf(instruction), isVerified);
    }

    /// <summary>A jump to the start of the function that it is in.</summary>
    private bool IsLoop(in Instruction instruction, Address start) => instruction.FlowControl != FlowControl.Call
        && RangeOf(start) is { } own && own.Start == start && instruction.IP >= start.Value && instruction.IP < own.End.Value;

    private static bool IsStub(LinkedObject module, Address address)
    {
        try
        {
            return module.Elf.FindStub(address) is not null;
        }
        catch (BadData)
        {
            return false;
        }
    }

    /// <summary>A stub may begin with endbr64, and its jump with bnd.</summary>
    private Address StubStart(Address jump)
    {
        Span<byte> before = stackalloc byte[4];
        bool hasMark = target.Constants.Read(jump - 4, before) == 4 && before.SequenceEqual((ReadOnlySpan<byte>)[0xf3, 0x0f, 0x1e, 0xfa]);
        return hasMark ? jump - 4 : jump;
    }

    /// <summary>The few forms that a reference can have: Iced's own formatters know all of x86, and would be a tenth of the whole binary.</summary>
    private static string TextOf(in Instruction instruction)
    {
        string name = instruction.FlowControl switch
        {
            FlowControl.Call or FlowControl.IndirectCall => "call",
            FlowControl.UnconditionalBranch or FlowControl.IndirectBranch => "jmp",
            FlowControl.ConditionalBranch => "jcc",
            _ => instruction.Mnemonic switch { Mnemonic.Lea => "lea", Mnemonic.Push => "push", Mnemonic.Cmp => "cmp", _ => "mov" },
        };
        return instruction.Op0Kind == OpKind.NearBranch64
            ? $"{name} {new Address(instruction.NearBranchTarget)}"
            : $"{name} [{new Address(instruction.IPRelativeMemoryAddress)}]";
    }
}
