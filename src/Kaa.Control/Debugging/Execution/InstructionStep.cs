using Iced.Intel;
using Kaa.Control.Agent;
using Kaa.Control.Agent.Code;
using Kaa.Formats;
using Kaa.Linux.Controlling;
using Kaa.Linux.Memory;
using Kaa.Linux.Proc;
using Kaa.Linux.Registers;
using Kaa.Results;

namespace Kaa.Control.Debugging.Execution;

/// <summary>
/// One instruction of one thread, without the processor's single step: the trap of that ends the process when Kaa is killed meanwhile and SIGTRAP is blocked. A branch is
/// worked out and the registers are set; a system call is made between two stops at its borders; any other instruction is run in a piece of the agent's, behind which the
/// thread waits as at a hook. In each of them the thread goes on right if Kaa is killed. On the thread that traces.
/// </summary>
internal sealed class InstructionStep(LiveInferior inferior, BreakpointPlanter planter, AgentLink agent, ControlledThread thread)
{
    private const int SyscallLength = 2;
    private const ulong SignalReturn = 15; // rt_sigreturn

    private readonly ControlledProcess _control = inferior.Control;
    private StepPiece? _piece;
    private ulong _from;
    private ulong _next;
    private ulong? _callEnd;
    private bool _isInCall;

    public ControlledThread Thread => thread;

    /// <summary>The instruction is made: the thread stands behind it.</summary>
    public bool IsDone { get; private set; }

    /// <summary>Begins it; it may be done at once.</summary>
    /// <exception cref="UserError">step-refused; those of the agent.</exception>
    public void Begin()
    {
        X64Registers registers = thread.Registers;
        _from = registers.Rip;
        if (SyscallRestart.WasInCall(registers))
        {
            BeginCall(thread.Tracee.Registers.Rip);
            return;
        }

        IMemory memory = planter.Cover(inferior.LiveMemory);
        Instruction instruction = InstructionAt.Read(memory, _from);
        if (instruction.IsInvalid)
            throw Refused("there is no code that can be decoded");
        if (ControlFlow.Follow(instruction, registers, memory) is { } flow)
            Follow(flow, registers);
        else if (instruction.Mnemonic == Mnemonic.Syscall)
            BeginCall(registers.Rax == SignalReturn ? null : thread.Tracee.Registers.Rip + SyscallLength);
        else if (instruction.FlowControl == FlowControl.Next)
            BeginPiece(memory, instruction);
        else
            throw Refused("the instruction there can't be run elsewhere");
    }

    /// <summary>The thread has stopped at a border of a system call.</summary>
    public void TakeCall()
    {
        _isInCall = !_isInCall;
        X64Registers registers = thread.Tracee.Registers;
        bool isEnd = !_isInCall && (_callEnd is null || (registers.Rip == _callEnd && !SyscallRestart.IsRestartCode(unchecked((long)registers.Rax))));
        if (isEnd)
            End();
        else
            _control.Continue(thread);
    }

    public bool IsOf(AgentEvent made) => _piece is { } piece && made.Hook == piece.Hook;

    /// <summary>The thread waits behind the instruction.</summary>
    /// <returns>False where it can't be taken out of there just now.</returns>
    public bool TryTake(AgentEvent made)
    {
        if (!AgentStop.TryTakeOut(_control, agent, thread, made, _next))
            return false;
        _piece!.IsTaken = false;
        End();
        return true;
    }

    /// <summary>Something else has stopped the process. What has not been run yet has not been begun; where the thread is elsewhere, it goes on from there.</summary>
    public void Abandon()
    {
        thread.StopsAtCalls = false;
        if (_piece is { } piece && thread is { State: RunState.Stopped, Tracee.HasRegisters: true } && thread.Tracee.Registers.Rip == IslandPiece.StepCode(piece.Address).Value
            && _control.Places.SetRegisters(thread, thread.Tracee.Registers with { Rip = _from }))
            piece.IsTaken = false;
    }

    /// <summary>What a call pushes is written before the registers change: the call itself would write the same, were Kaa killed in between.</summary>
    private void Follow(ControlFlow flow, X64Registers registers)
    {
        if (flow.Pushed is { } pushed && !TryWrite(new Address(flow.Rsp), BitConverter.GetBytes(pushed)))
            throw Refused("its stack can't be written");
        _ = _control.Places.SetRegisters(thread, registers with { Rip = flow.Next, Rsp = flow.Rsp, Rcx = flow.Rcx, OriginalRax = ulong.MaxValue });
        End();
    }

    /// <param name="end">Where it ends; null where that is told by the call itself.</param>
    private void BeginCall(ulong? end)
    {
        _callEnd = end;
        thread.StopsAtCalls = true;
        _control.Continue(thread);
    }

    private void BeginPiece(IMemory memory, in Instruction instruction)
    {
        var near = new Address(instruction.IsIPRelativeMemoryOperand ? instruction.IPRelativeMemoryAddress : _from);
        using var held = new HeldWhenAsked(_control);
        HookRefusal? refusal = null;
        if (Displacement.Find(memory, new Address(_from), null, 1, out refusal) is not { } one || agent.TakeStepPiece(() => held.Value, near, out refusal) is not { } piece
            || IslandPiece.Step(one, piece.Address, out refusal) is not { } code)
            throw Refused(refusal?.Message ?? "no thread can be borrowed just now");
        _next = instruction.NextIP;
        if (!TryWrite(IslandPiece.StepCode(piece.Address), code) || !TryWrite(IslandPiece.StepBack(piece.Address), BitConverter.GetBytes(planter.Real(_next))))
            throw Refused("the kernel does not let Kaa write into the process's code");
        X64Registers there = thread.Tracee.Registers with { Rip = IslandPiece.StepCode(piece.Address).Value, OriginalRax = ulong.MaxValue };
        piece.IsTaken = true;
        _piece = piece;
        if (ThreadPlaces.SetRealRegisters(thread, there))
            _control.Continue(thread);
    }

    private void End()
    {
        thread.StopsAtCalls = false;
        IsDone = true;
    }

    private bool TryWrite(Address address, ReadOnlySpan<byte> bytes)
    {
        using TargetPatch? patch = TargetPatch.OpenProcess(ProcRoot.System, inferior.Pid);
        return patch?.TryWrite(address, bytes) == true;
    }

    private UserError Refused(string why) => new("step-refused", $"Kaa can't step at 0x{_from:x}, because {why}.", "continue, finish or advance go on from here");
}
