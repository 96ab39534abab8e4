using Iced.Intel;
using Kaa.Formats;

namespace Kaa.Control.Agent.Code;

/// <summary>The instructions that a jump of five bytes would cover, and whether they can be taken elsewhere.</summary>
internal sealed class Displacement
{
    private const int LongestInstruction = 15;
    private const int Wanted = CodeBytes.JumpSize + LongestInstruction;

    // Where nothing tells how long a function is, this much of it is looked at.
    private const int UnknownFunction = 512;

    private Displacement(Address address, byte[] code, List<Instruction> instructions, int length)
    {
        Address = address;
        Code = code;
        Instructions = instructions;
        Length = length;
    }

    public Address Address { get; }

    /// <summary>The bytes from there on.</summary>
    public byte[] Code { get; }

    public IReadOnlyList<Instruction> Instructions { get; }

    /// <summary>Bytes of whole instructions, padding behind the last one included.</summary>
    public int Length { get; }

    /// <summary>True where the last instruction does not go on to the next one.</summary>
    public bool IsEnd => Instructions.Count > 0 && Ends(Instructions[^1]);

    /// <param name="least">Bytes that are needed: 5 for a jump, 1 for an int3.</param>
    /// <param name="refusal">Null where it can be done.</param>
    public static Displacement? Find(IMemory memory, Address address, (Address Start, Address End)? function, int least, out HookRefusal? refusal)
    {
        byte[] code = new byte[Wanted];
        int got = memory.Read(address, code);
        code = code[..got];
        Displacement? found = Decode(address, code, least, out refusal);
        if (found is null)
            return null;
        refusal = RefusalOf(found) ?? (least > 1 ? BranchInto(memory, found, function) : null);
        return refusal is null ? found : null;
    }

    private static Displacement? Decode(Address address, byte[] code, int least, out HookRefusal? refusal)
    {
        var decoder = Decoder.Create(64, code, address.Value, DecoderOptions.None);
        var instructions = new List<Instruction>();
        int length = 0;
        refusal = null;
        while (length < least)
        {
            Instruction instruction = decoder.Decode();
            if (instruction.IsInvalid)
            {
                refusal = new HookRefusal("undecodable", $"there is no code that can be decoded at {address + length}");
                return null;
            }

            length += instruction.Length;
            instructions.Add(instruction);
            if (length < least && Ends(instruction) && !TakePadding(ref decoder, ref length, least))
            {
                refusal = new HookRefusal("too-short", $"the code at {address} ends after {length} bytes, and a hook takes {least}");
                return null;
            }
        }

        return new Displacement(address, code, instructions, length);
    }

    /// <summary>Behind its end a function is filled up with instructions that do nothing, which nobody runs.</summary>
    private static bool TakePadding(ref Decoder decoder, ref int length, int least)
    {
        while (length < least)
        {
            Instruction filling = decoder.Decode();
            if (filling.Mnemonic is not (Mnemonic.Nop or Mnemonic.Int3))
                return false;
            length += filling.Length;
        }

        return true;
    }

    private static HookRefusal? RefusalOf(Displacement found)
    {
        for (int i = 0; i < found.Instructions.Count; i++)
        {
            Instruction instruction = found.Instructions[i];
            bool isLast = i == found.Instructions.Count - 1;
            HookRefusal? refusal = instruction switch
            {
                { Mnemonic: Mnemonic.Int3 } => new HookRefusal("occupied", $"there is a breakpoint at {found.Address}"),
                { FlowControl: FlowControl.Call or FlowControl.IndirectCall } when !isLast =>
                    new HookRefusal("not-relocatable", $"a call at {At(instruction)} comes back to bytes that would be covered"),
                { FlowControl: FlowControl.Exception or FlowControl.Interrupt or FlowControl.XbeginXabortXend } =>
                    new HookRefusal("not-relocatable", $"the instruction at {At(instruction)} can't be run elsewhere"),
                _ when IsShortOnly(instruction) => new HookRefusal("not-relocatable", $"the branch at {At(instruction)} reaches no further than 127 bytes"),
                _ when IsNearBranch(instruction) && IsInside(found, instruction.NearBranchTarget) =>
                    new HookRefusal("branch-target", $"a branch at {At(instruction)} leads to bytes that would be covered"),
                _ => null,
            };
            if (refusal is not null)
                return refusal;
        }

        return null;
    }

    /// <summary>The whole function is decoded from its start to its end.</summary>
    private static HookRefusal? BranchInto(IMemory memory, Displacement found, (Address Start, Address End)? function)
    {
        (Address start, Address end) = function ?? (found.Address, found.Address + UnknownFunction);
        byte[] code = new byte[Math.Min(end - start, Limits.HookedFunction)];
        int got = memory.Read(start, code);
        var decoder = Decoder.Create(64, code.AsSpan(0, got).ToArray(), start.Value, DecoderOptions.None);
        bool isEntry = found.Address == start;
        while (decoder.IP < start.Value + (ulong)got)
        {
            decoder.Decode(out Instruction instruction);
            if (instruction.IsInvalid)
            {
                // Without a known end this may be anything; with one, data between instructions.
                if (function is null)
                    break;
                continue;
            }

            if ((IsNearBranch(instruction) || instruction.IsCallNear) && IsInside(found, instruction.NearBranchTarget))
                return new HookRefusal("branch-target", $"a branch at {At(instruction)} leads to bytes that would be covered");

            // Where a jump by table leads to is not known; never into the first bytes of a function.
            if (!isEntry && instruction.FlowControl == FlowControl.IndirectBranch)
                return new HookRefusal("branch-target", $"where the jump at {At(instruction)} leads is not known: it may be to bytes that would be covered");
        }

        return null;
    }

    private static bool IsInside(Displacement found, ulong target) => target > found.Address.Value && target < found.Address.Value + (ulong)found.Length;

    internal static bool IsNearBranch(in Instruction instruction) => instruction.IsJccShortOrNear || instruction.IsJmpShortOrNear || IsShortOnly(instruction);

    private static bool IsShortOnly(in Instruction instruction) => instruction.Mnemonic is
        Mnemonic.Loop or Mnemonic.Loope or Mnemonic.Loopne or Mnemonic.Jrcxz or Mnemonic.Jecxz or Mnemonic.Jcxz;

    private static bool Ends(in Instruction instruction) =>
        instruction.FlowControl is FlowControl.Return or FlowControl.UnconditionalBranch or FlowControl.IndirectBranch;

    private static Address At(in Instruction instruction) => new(instruction.IP);
}
