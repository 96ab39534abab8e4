using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using Kaa.Control.Agent.Code;
using Kaa.Formats;
using Kaa.Linux.Looking;
using Kaa.Linux.Registers;

namespace Kaa.Control.Agent;

/// <summary>What becomes of a debugger's int3 when the debugger is gone: the agent's SIGTRAP handler takes the thread to a copy of the instruction.</summary>
internal sealed class AgentTraps(AgentMemory memory, HookTable table)
{
    private const int SigactionCall = 13; // rt_sigaction
    private const int Trap = 5; // SIGTRAP
    private const ulong TrapBit = 1ul << (Trap - 1);
    private const ulong Flags = 0x4 | 0x04000000 | 0x08000000 | 0x10000000 | 0x40000000; // SA_SIGINFO | SA_RESTORER | SA_ONSTACK | SA_RESTART | SA_NODEFER
    private const int MaskSize = 8;

    /// <summary>
    /// Never taken back: a thread may have met an int3 just before it went, and its SIGTRAP be still on the way. Those of an earlier Kaa too.
    /// </summary>
    private readonly Dictionary<Address, Address> _traps = Read(memory, table);

    /// <summary>Where a thread goes on that has met an int3 of Kaa's; null where there never was one.</summary>
    public Address? Find(Address address) => _traps.TryGetValue(address, out Address resume) ? resume : null;

    public Address? Add(AgentProcess process, HeldProcess held, Address address, out HookRefusal? refusal)
    {
        refusal = null;
        if (Find(address) is { } known && TryInstall(process, held, IslandPiece.OfDisplaced(known), out refusal))
            return known;
        if (refusal is not null)
            return null;
        if (_traps.Count >= (int)table.Header.trap_capacity || (table.Find(address, isTrap: true) ?? table.Take(address, isTrap: true)) is not { } number)
        {
            refusal = new HookRefusal("no-slot", "the agent has as many hooks as it can have");
            return null;
        }

        if (new HookArming(process, table, held, []).TryTrap(number, address, out refusal) is not { } resume)
        {
            refusal ??= new HookRefusal("busy", "no thread could be borrowed");
            return null;
        }

        if (!TryInstall(process, held, new Address(table[number].island), out refusal))
            return null;
        int place = _traps.Count;
        memory.WriteWord(OffsetOf(place) + 8, resume.Value);
        memory.WriteWord(OffsetOf(place), address.Value);
        if (memory.ReadHalf(AgentWords.TrapCountOffset) <= (uint)place)
            memory.WriteHalf(AgentWords.TrapCountOffset, (uint)place + 1);
        _traps.Add(address, resume);
        return resume;
    }

    /// <summary>SIGTRAP as it was before the agent: nobody's.</summary>
    public static RemoteCall Uninstall(Address spare) => new(SigactionCall, Trap, spare.Value, 0, MaskSize);

    private ulong OffsetOf(int place) => table.Header.traps + (ulong)place * (ulong)Unsafe.SizeOf<AgentTrap>();

    private static Dictionary<Address, Address> Read(AgentMemory memory, HookTable table)
    {
        var traps = new Dictionary<Address, Address>();
        uint count = Math.Min(memory.ReadHalf(AgentWords.TrapCountOffset), table.Header.trap_capacity);
        for (uint i = 0; i < count; i++)
        {
            ulong offset = table.Header.traps + i * (ulong)Unsafe.SizeOf<AgentTrap>();
            traps[new Address(memory.ReadWord(offset))] = new Address(memory.ReadWord(offset + 8));
        }

        return traps;
    }

    /// <summary>Only where the program has none.</summary>
    private bool TryInstall(AgentProcess process, HeldProcess held, Address piece, out HookRefusal? refusal)
    {
        refusal = null;
        ulong caught = process.Tasks.Status(process.Tid) is { } status ? status.CaughtSignals | status.IgnoredSignals : TrapBit;
        bool isOurs = memory.ReadHalf(AgentWords.TrapHandlerOffset) == 1;
        if ((caught & TrapBit) != 0)
        {
            if (!isOurs)
                refusal = new HookRefusal("sigtrap", "the program handles or ignores SIGTRAP itself");
            return isOurs;
        }

        byte[] action = new byte[32]; // struct sigaction of the kernel: handler, flags, restorer, mask
        BinaryPrimitives.WriteUInt64LittleEndian(action, table.Header.image + AgentRegion.Image.trap);
        BinaryPrimitives.WriteUInt64LittleEndian(action.AsSpan(8), Flags);
        BinaryPrimitives.WriteUInt64LittleEndian(action.AsSpan(16), table.Header.image + AgentRegion.Image.restorer);
        Address spare = piece + IslandPiece.SpareOffset;
        if (!process.Patch.TryWrite(spare, action)
            || new RemoteWork(process).TryMake(held, [new RemoteCall(SigactionCall, Trap, spare.Value, 0, MaskSize)]) is not [0])
        {
            refusal = new HookRefusal("busy", "no thread could be borrowed to install a handler of SIGTRAP");
            return false;
        }

        memory.WriteHalf(AgentWords.TrapHandlerOffset, 1);
        return true;
    }
}
