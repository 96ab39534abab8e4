using System.Collections.Concurrent;
using Kaa.Control.Agent.Code;
using Kaa.Formats;
using Kaa.Linux.Calls;
using Kaa.Linux.Looking;
using Kaa.Results;

namespace Kaa.Control.Agent;

/// <summary>The hooks of a session: prepared while the process runs, armed and taken away while all threads stand still. Methods are for one thread at a time, but for <see cref="Find"/>.</summary>
internal sealed class SessionHooks(int pid, HookTable table)
{
    private const int Attempts = 50;
    private const int StrictAttempts = 5;
    private const int BetweenAttempts = 2_000; // µs

    private readonly ConcurrentDictionary<uint, HookHandle> _handles = new();
    private readonly List<HookHandle> _added = [];
    private readonly List<int> _removed = [];
    private readonly Dictionary<(Address, string), BranchTargets?> _branches = [];

    /// <summary>Longest time that any thread stood still for a hook, in microseconds.</summary>
    public long PauseMicroseconds { get; private set; }

    /// <summary>That of an event; null for one that this session did not arm.</summary>
    public HookHandle? Find(uint number) => _handles.GetValueOrDefault(number);

    /// <summary>As <see cref="AgentSession.Add"/>.</summary>
    public HookHandle Add(HookRequest request)
    {
        if ((table.Find(request.Address) ?? table.Take(request.Address, isTrap: false)) is not { } number)
            return new HookHandle(-1, request) { Refusal = new HookRefusal("no-slot", "the agent has as many hooks as it can have") };
        var hook = new HookHandle(number, request);
        _added.Add(hook);
        return hook;
    }

    /// <summary>As <see cref="AgentSession.Arm()"/>.</summary>
    public void Arm()
    {
        for (int attempt = 1; _added.Count > 0 || _removed.Count > 0; attempt++)
        {
            using (AgentProcess process = AgentProcess.Open(pid, null))
            {
                process.AllowsSignalled = attempt > StrictAttempts;
                Plan(process);
                process.Hold(held => ArmNow(process, held));
                PauseMicroseconds = Math.Max(PauseMicroseconds, process.PauseMicroseconds);
            }

            if (attempt == Attempts)
            {
                GiveUp();
                return;
            }

            if (_added.Count > 0 || _removed.Count > 0)
                Clock.Sleep(BetweenAttempts);
        }
    }

    /// <summary>As <see cref="AgentSession.Arm(HeldProcess)"/>.</summary>
    public void Arm(HeldProcess? held)
    {
        if (held is null)
        {
            Arm();
            return;
        }

        using AgentProcess process = AgentProcess.Open(pid, held);
        Plan(process);
        ArmNow(process, held);
        if (_added.Count > 0)
        {
            Plan(process);
            ArmNow(process, held);
        }

        GiveUp();
    }

    /// <summary>Nobody waits there from now on; its jump is taken away by the next <see cref="Arm()"/>. False where there was none.</summary>
    public bool Remove(HookHandle hook)
    {
        _added.Remove(hook);
        if (!hook.IsArmed)
            return false;
        hook.IsArmed = false;
        table.StoreState(hook.Number, AgentHookState.Removed);
        _removed.Add(hook.Number);
        return true;
    }

    /// <summary>All of them do nothing from now on; their jumps stay.</summary>
    public void SwitchOff()
    {
        foreach (HookHandle hook in _handles.Values)
        {
            if (hook.IsArmed)
                table.StoreState(hook.Number, AgentHookState.Removed);
        }
    }

    /// <summary>A hook's jump lies in the code although it is to be taken away.</summary>
    public bool IsLeaving(int number) => _removed.Contains(number);

    /// <summary>The address lies in such a jump.</summary>
    public bool IsLeaving(Address address) =>
        _removed.Exists(number => address.Value >= table[number].address && address.Value < table[number].address + CodeBytes.JumpSize);

    /// <summary>As <see cref="AgentSession.AddStepPiece"/>.</summary>
    public (HookHandle Hook, Address Piece)? AddStepPiece(HeldProcess held, Address near, out HookRefusal? refusal)
    {
        using AgentProcess process = AgentProcess.Open(pid, held);
        if (new HookArming(process, table, held, _removed).TryStepPiece(near, out refusal) is not { } made)
            return null;
        var hook = new HookHandle(made.Number, new HookRequest { Address = IslandPiece.Entry(made.Piece), Action = HookAction.Park, WantsStack = false }) { IsArmed = true };
        _handles[(uint)hook.Number] = hook;
        return (hook, made.Piece);
    }

    /// <summary>As <see cref="AgentSession.Point"/>.</summary>
    public int Point(IReadOnlyList<(Address Word, ulong From, ulong To)> words, HeldProcess? caller)
    {
        int changed = 0;
        using AgentProcess process = AgentProcess.Open(pid, caller);
        process.Hold(held =>
        {
            var arming = new HookArming(process, table, held, _removed);
            foreach ((Address word, ulong from, ulong to) in words)
            {
                if ((table.Find(word) ?? table.Take(word, isTrap: false)) is { } number && arming.TryPoint(number, word, from, to))
                    changed++;
            }
        });
        PauseMicroseconds = Math.Max(PauseMicroseconds, process.PauseMicroseconds);
        return changed;
    }

    /// <summary>Before anybody stands still. What takes the place of a hook that is to be taken away has to wait for that.</summary>
    private void Plan(AgentProcess process)
    {
        HookPlanning? planning = null;
        foreach (HookHandle hook in _added)
        {
            if (hook.Plan is not null || IsLeaving(hook.Number))
                continue;
            planning ??= new HookPlanning(process.Target, _branches);
            hook.Plan = planning.Plan(hook.Request, out HookRefusal? refusal);
            hook.Refusal = refusal;
        }

        _added.RemoveAll(hook => hook.Refusal is not null);
    }

    private void ArmNow(AgentProcess process, HeldProcess held)
    {
        var arming = new HookArming(process, table, held, _removed);
        _removed.RemoveAll(arming.TryTakeBack);
        foreach (HookHandle hook in _added)
            _handles[(uint)hook.Number] = hook;
        arming.Arm(_added);
    }

    /// <summary>What could not be taken away stays to be: until then its jump, not the program's code, is what lies there.</summary>
    private void GiveUp()
    {
        foreach (HookHandle hook in _added)
        {
            hook.Refusal = IsLeaving(hook.Number)
                ? HookRefusal.Leaving
                : new HookRefusal("busy", "a thread is in the code that would be changed, or a child of vfork may be");
        }

        _added.Clear();
    }
}
