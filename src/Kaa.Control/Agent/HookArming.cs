using System.Buffers.Binary;
using Kaa.Control.Agent.Code;
using Kaa.Control.Remote;
using Kaa.Formats;
using Kaa.Linux.Looking;
using Kaa.Linux.Registers;

namespace Kaa.Control.Agent;

/// <summary>Changes the code of a held process: hooks are written and taken away. On the thread that traces.</summary>
/// <param name="leaving">Numbers of hooks whose jump lies in the code although they are to be taken away.</param>
internal sealed class HookArming(AgentProcess process, HookTable table, HeldProcess held, IReadOnlyCollection<int> leaving)
{
    private const int MapCall = 9;
    private const ulong ReadRun = 1 | 4; // PROT_READ | PROT_EXEC
    private const ulong Private = 0x2 | 0x20 | 0x100000; // MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE
    private const int BetweenLooks = 8; // hooks
    private const int MostLooks = 8;
    private const int PatientLooks = 2;
    private readonly StoppedThreads _threads = new(held, process.Target);
    private readonly List<Kaa.Formats.ProcText.Mapping> _mappings = [.. process.Target.Mappings];
    private RemoteWork? _work;

    /// <summary>Arms what can be armed now, and takes it out of the list, as what can't be at all: that has a refusal. The rest is to be tried again.</summary>
    public void Arm(List<HookHandle> hooks)
    {
        var ranges = new List<(Address, int)>(hooks.Count);
        foreach (HookHandle hook in hooks)
        {
            if (hook.Plan is { } plan)
                ranges.Add((hook.Address, plan.Displaced.Length));
        }

        HashSet<Address> expected = _threads.FindExpected(ranges);
        var prepared = new List<PreparedHook>(hooks.Count);
        hooks.RemoveAll(hook => hook.Plan is { } plan && !expected.Contains(hook.Address) && TryPrepare(hook, plan, prepared));
        for (int i = 0; i < prepared.Count; i++)
        {
            // What has run since it was looked at may come back to anywhere.
            if ((i % BetweenLooks == 0 || prepared[i].Record.patch_size == CodeBytes.JumpSize) && !HasSettled(ranges, expected))
                break;
            if (!expected.Contains(prepared[i].Hook.Address) && TryWrite(prepared[i]))
                hooks.Remove(prepared[i].Hook);
        }

        Rescue(prepared);
    }

    /// <summary>
    /// Those that were left asleep and have run since: stopped now, where they do not sleep again; those that wake up again and again, in any case. False where somebody
    /// runs nevertheless: the rest is to be tried again.
    /// </summary>
    private bool HasSettled(List<(Address, int)> ranges, HashSet<Address> expected)
    {
        for (int i = 0; i < MostLooks; i++)
        {
            IReadOnlySet<int> ran = held.StopAwake(restless: i >= PatientLooks);
            if (ran.Count == 0)
                return true;
            expected.UnionWith(_threads.FindExpected(ranges, ran));
        }

        return false;
    }

    /// <summary>
    /// Whoever woke up while a hook was written, and lost its processor in front of the second of the instructions that it displaced, goes on in the piece as well.
    /// </summary>
    private void Rescue(List<PreparedHook> prepared)
    {
        for (int i = 0; i < MostLooks && held.StopAwake(restless: i >= PatientLooks).Count > 0; i++)
        {
            foreach (PreparedHook hook in prepared)
            {
                if (hook.Hook.IsArmed)
                    _ = _threads.TryMove(hook.Hook.Address, hook.Length, hook.Piece, hook.Offsets);
            }
        }
    }

    /// <summary>True where the hook can't be armed. False where it is to be armed now, as it is prepared, or to be tried again.</summary>
    private bool TryPrepare(HookHandle hook, HookPlan plan, List<PreparedHook> prepared)
    {
        HookRequest request = hook.Request;
        AgentHook record = table[hook.Number];
        Displacement displaced = plan.Displaced;
        if (!IsUnchanged(displaced))
            return Refuse(hook, new HookRefusal("occupied", $"the code at {request.Address} has just been changed by somebody else"));
        if (IsOverlapped(hook.Number, request.Address, displaced.Length) || prepared.Exists(other => other.Overlaps(request.Address, displaced.Length)))
            return Refuse(hook, new HookRefusal("occupied", $"another hook covers the code at {request.Address}"));
        if (!TryPiece(request.Address, ref record, out HookRefusal? refusal))
            return refusal is not null && Refuse(hook, refusal);

        table.Keep(hook.Number, record);
        var piece = new Address(record.island);
        var offsets = new List<(int From, int To)>();
        byte[]? code = IslandPiece.Build(displaced, piece, table.AddressOf(hook.Number), Ways, request.Action == HookAction.Wrap, offsets, out refusal);
        byte[]? jump = IslandPiece.Jump(request.Address, piece);
        if (code is null || jump is null)
            return Refuse(hook, refusal ?? new HookRefusal("no-hole", "its island is too far away"));

        // The piece, the record, the threads, the patch, and only then is it armed: whatever comes last before Kaa is killed, the program runs as it did.
        if (!process.Patch.TryWrite(piece, code) || !TryFill(request, plan, jump, ref record))
            return Refuse(hook, new HookRefusal("not-code", $"the code at {request.Address} can't be written"));
        table.Store(hook.Number, record);
        prepared.Add(new PreparedHook(hook, record, displaced.Length, piece, offsets));
        return false;
    }

    /// <summary>True where the hook is armed, or can't be. False where it is to be tried again.</summary>
    private bool TryWrite(PreparedHook prepared)
    {
        (HookHandle hook, AgentHook record) = (prepared.Hook, prepared.Record);
        if (record.patch_size == CodeBytes.JumpSize && _threads.HasVForkChild)
            return false;
        if (!_threads.TryMove(hook.Address, prepared.Length, prepared.Piece, prepared.Offsets))
            return false;
        RestoreResult result = CodeBytes.Exchange(process.Patch, hook.Address, record.word, (int)record.patch_size, record.original, record.patched);
        if (result is not (RestoreResult.Restored or RestoreResult.Untouched))
            return Refuse(hook, new HookRefusal("not-code", $"the code at {hook.Address} can't be written"));
        table.StoreState(hook.Number, AgentHookState.Armed);
        hook.Moved = prepared.Offsets.ConvertAll(offset => (offset.From, prepared.Piece + offset.To));
        hook.IsArmed = true;
        hook.Refusal = null;
        return true;
    }

    /// <summary>Changes a word of data that points to a function, and keeps what was there as a hook does; false where it holds something else by now.</summary>
    public bool TryPoint(int number, Address word, ulong from, ulong to)
    {
        AgentHook record = table[number] with
        {
            address = word.Value,
            word = word.Value,
            original = from,
            patched = to,
            patch_size = CodeBytes.Pointer,
            state = AgentHookState.Prepared,
        };
        table.Store(number, record);
        if (CodeBytes.Exchange(process.Patch, word, word.Value, CodeBytes.Pointer, from, to) is not (RestoreResult.Restored or RestoreResult.Untouched))
            return false;
        table.StoreState(number, AgentHookState.Armed);
        return true;
    }

    /// <summary>False where it is to be tried again.</summary>
    public bool TryTakeBack(int number)
    {
        AgentHook record = table[number];
        if (record.patch_size == CodeBytes.JumpSize && _threads.HasVForkChild)
            return false;
        table.StoreState(number, AgentHookState.Removed);
        _ = CodeBytes.Exchange(process.Patch, new Address(record.address), record.word, (int)record.patch_size, record.patched, record.original);
        return true;
    }

    private const byte Int3 = 0xcc;

    /// <summary>A piece with one instruction, which a thread can run instead of the one under an int3. Null without a refusal where it is to be tried again.</summary>
    public Address? TryTrap(int number, Address address, out HookRefusal? refusal)
    {
        AgentHook record = table[number];
        Displacement? displaced = Displacement.Find(process.Target.Current, address, null, 1, out refusal);
        if (displaced is null || !TryPiece(address, ref record, out refusal))
            return null;
        table.Keep(number, record);
        var piece = new Address(record.island);
        byte[]? code = IslandPiece.Build(displaced, piece, table.AddressOf(number), Ways, wraps: false, [], out refusal);
        Span<byte> original = stackalloc byte[1];
        if (code is null || !process.Patch.TryWrite(piece, code) || !process.Patch.TryRead(address, original))
            return null;

        // By these a later Kaa takes it back, if this one can't.
        record.word = address.Value;
        record.original = original[0];
        record.patched = Int3;
        record.patch_size = 1;
        record.displaced = (uint)displaced.Length;
        record.state = AgentHookState.Removed;
        table.Store(number, record);
        return IslandPiece.Displaced(piece);
    }

    /// <summary>A piece of its own, which no code leads to, where threads wait that have made one instruction. Null without a refusal where it is to be tried again.</summary>
    public (int Number, Address Piece)? TryStepPiece(Address near, out HookRefusal? refusal)
    {
        AgentHook record = default;
        if (!TryPiece(near, ref record, out refusal))
            return null;
        var piece = new Address(record.island);
        if (table.Take(IslandPiece.Entry(piece), isTrap: false) is not { } number)
        {
            refusal = new HookRefusal("no-slot", "the agent has as many hooks as it can have");
            return null;
        }

        if (!process.Patch.TryWrite(piece, IslandPiece.BuildStep(piece, table.AddressOf(number), Ways.Probe)))
            return null;
        record.address = IslandPiece.Entry(piece).Value;
        record.action = (uint)HookAction.Park;
        record.most_frames = 1;
        record.texts = uint.MaxValue;
        record.state = AgentHookState.Armed;
        table.Store(number, record);
        return (number, piece);
    }

    private ImageWays Ways => new(new Address(table.Header.image) + AgentRegion.Image.probe, new Address(table.Header.image) + AgentRegion.Image.wrap);

    private static bool Refuse(HookHandle hook, HookRefusal refusal)
    {
        hook.Refusal = refusal;
        return true;
    }

    private bool IsUnchanged(Displacement displaced)
    {
        Span<byte> now = stackalloc byte[displaced.Length];
        return process.Patch.TryRead(displaced.Address, now) && now.SequenceEqual(displaced.Code.AsSpan(0, displaced.Length));
    }

    private bool IsOverlapped(int number, Address address, int length)
    {
        for (int i = 0; i < table.Count; i++)
        {
            AgentHook other = table[i];
            if (i != number && (other.state == AgentHookState.Armed || leaving.Contains(i)) && other.address < address.Value + (ulong)length && address.Value < other.address + other.displaced)
                return true;
        }

        return false;
    }

    /// <summary>The hook's own piece, or a new one. False without a refusal where it is to be tried again.</summary>
    private bool TryPiece(Address address, ref AgentHook record, out HookRefusal? refusal)
    {
        refusal = null;
        if (record.island != 0)
            return true;
        if (table.TakePiece(address) is { } piece)
        {
            record.island = piece.Value;
            return true;
        }

        if (Holes.Find(_mappings, HookTable.IslandSize, address, HookTable.Reach) is not { } hole)
        {
            refusal = new HookRefusal("no-hole", $"there is no room within 2 GiB of {address}");
            return false;
        }

        _work ??= new RemoteWork(process);
        var map = new RemoteCall(MapCall, hole.Value, HookTable.IslandSize, ReadRun, Private, ulong.MaxValue);
        if (_work.TryMake(held, [map]) is not { } results)
            return false;
        _mappings.Add(new Kaa.Formats.ProcText.Mapping(hole, hole + HookTable.IslandSize, Formats.ProcText.MappingAccess.Read, 0, 0, 0, "", false));
        _mappings.Sort((a, b) => a.Start.CompareTo(b.Start));
        if (unchecked((ulong)results[0]) != hole.Value || !table.AddIsland(hole) || table.TakePiece(address) is not { } first)
        {
            refusal = new HookRefusal("no-hole", $"no memory can be mapped within 2 GiB of {address}");
            return false;
        }

        record.island = first.Value;
        return true;
    }

    private bool TryFill(HookRequest request, HookPlan plan, byte[] jump, ref AgentHook record)
    {
        Span<byte> word = stackalloc byte[sizeof(ulong)];
        word.Clear();
        if (!process.Patch.TryRead(plan.Word, word[..plan.PatchSize]))
            return false;
        record.address = request.Address.Value;
        record.word = plan.Word.Value;
        record.patch_size = (uint)plan.PatchSize;
        record.displaced = (uint)plan.Displaced.Length;
        record.original = BinaryPrimitives.ReadUInt64LittleEndian(word);
        jump.CopyTo(word[(int)(request.Address - plan.Word)..]);
        record.patched = BinaryPrimitives.ReadUInt64LittleEndian(word);
        record.state = AgentHookState.Prepared;
        record.action = (uint)request.Action;
        record.wants = (request.WantsStack ? AgentWants.Stack : 0) | (request.WantsReturn ? AgentWants.Return : 0) | (request.IgnoresUnknown ? AgentWants.UnknownIsNo : 0);
        record.most_frames = (uint)Math.Clamp(request.MostFrames, 1, Limits.RecordedStack);
        record.texts = uint.MaxValue;
        for (int i = 0; i < Math.Min(request.Texts.Count, 2); i++)
            record.texts = record.texts & ~(0xffu << (8 * i)) | (uint)request.Texts[i] << (8 * i);
        byte[] program = request.Condition?.Code ?? [];
        record.program_size = (uint)program.Length;
        program.CopyTo(record.program);
        record.reserved[0] = request.Wraps.Function | (ulong)request.Wraps.Allocator << 32;
        record.reserved[1] = request.Calls.Value;
        record.reserved[2] = request.Asks.Value;
        record.hits = record.matches = record.unknown = record.lost = record.returns = 0;
        return true;
    }
}
