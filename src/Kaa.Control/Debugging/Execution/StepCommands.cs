using Iced.Intel;
using Kaa.Control.Debugging.Commands;
using Kaa.Control.Debugging.Stack;
using Kaa.Control.Debugging.Words;
using Kaa.Formats;
using Kaa.Results;

namespace Kaa.Control.Debugging.Execution;

/// <summary>Going on by instructions, to the end of a function, to a place.</summary>
internal sealed class StepCommands(DebugSession session, ExecutionControl execution)
{
    public static void AddTo(DebugSession session, ExecutionControl execution)
    {
        var words = new StepCommands(session, execution);
        CommandTable table = session.Commands;
        table.Add(new SimpleCommand("stepi", "Make one instruction", (_, argument) => words.Repeat(argument, words.StepInstruction)) { Also = ["si"], More = "[COUNT]" });
        table.Add(new SimpleCommand("nexti", "Make one instruction; a call counts as one", (_, argument) => words.Repeat(argument, words.NextInstruction)) { Also = ["ni"], More = "[COUNT]" });
        table.Add(new SimpleCommand("finish", "Go on until the selected frame has returned", (_, _) => words.Finish()) { Also = ["fin"] });
        table.Add(new SimpleCommand("advance", "Go on until a place is reached, or the selected frame has returned", (_, argument) => words.Advance(argument)) { Also = ["until"], More = "SYMBOL|FILE:LINE|*ADDRESS" });
        foreach (string word in (string[])["step", "next"])
            table.Add(new SimpleCommand(word, "Kaa steps by instructions only", (_, _) => throw new UserError("no-lines", $"{word} goes by source lines of C, which Kaa does not step through.", word == "step" ? "stepi" : "nexti, finish")) { Also = word == "step" ? ["s"] : ["n"], Repeats = false });
    }

    private void Repeat(string argument, Action once)
    {
        int count = Arguments.Number(session, argument, 1);
        for (int i = 0; i < count && execution.IsStill; i++)
        {
            execution.Stops.IsQuiet = i < count - 1;
            once();
            if (execution.Stops.LastReason != StopReason.Stepped)
                break;
        }

        execution.Stops.IsQuiet = false;
    }

    private void StepInstruction()
    {
        InferiorThread thread = RequireWhole();
        execution.Resume(new ResumePlan(thread.Tid));
    }

    private void NextInstruction()
    {
        InferiorThread thread = RequireWhole();
        Instruction instruction = InstructionAt.Read(session.RequireLive().Memory, thread.Registers["rip"]!.Value);
        bool isCall = instruction.FlowControl is FlowControl.Call or FlowControl.IndirectCall;
        bool isQuiet = execution.Stops.IsQuiet;
        execution.Stops.IsQuiet |= isCall;
        StepInstruction();
        execution.Stops.IsQuiet = isQuiet;
        if (!isCall || execution.Stops.LastReason != StopReason.Stepped || !execution.IsStill)
            return;

        // It is in the function now, and what it will return to lies at the top of its stack.
        ulong slot = session.RequireThread().Registers["rsp"] ?? 0;
        RunTo(new Address(instruction.NextIP), thread.Tid, slot + sizeof(ulong), slot);
    }

    private void Finish()
    {
        InferiorThread thread = RequireWhole();
        StackView view = session.Stack.View;
        int level = session.Stack.Level;
        FrameView frame = view.Frames[level];
        while (level < view.Frames.Count && view.Frames[level].Symbol.Inlined)
            level++;
        if (level + 1 >= view.Frames.Count)
            throw new UserError("outermost", "\"finish\" not meaningful in the outermost frame.");
        FrameView caller = view.Frames[level + 1];
        session.Output.Write("Run till exit from ");
        new FrameLines(session).Write(frame, view);

        // Where the caller's frame has its stack: not before this call has returned is it so high, however deep it recurses.
        ulong? above = caller.Registers["rsp"];
        RunTo(caller.Pc, thread.Tid, above ?? (thread.Registers["rsp"] ?? 0) + 1, above - sizeof(ulong));
        if (execution.Stops.LastReason == StopReason.Stepped && session.Thread?.Registers["rax"] is { } value)
            session.Output.Line($"Value returned is ${session.Values.Add(Values.DataValue.Integer(unchecked((long)value)))} = {unchecked((long)value)} (rax = 0x{value:x})");
    }

    private void Advance(string argument)
    {
        InferiorThread thread = RequireWhole();
        if (argument.Length == 0)
            throw Arguments.Missing("Argument required (a location).");
        IReadOnlyList<BreakpointLocation> found = LocationFinder.Find(session.RequireLive(), argument, execution.Evaluate);
        if (found.Count == 0)
            throw new UserError("no-symbol", LocationFinder.Missing(argument));
        execution.Breakpoints.AddOwn(new Breakpoint(0, argument) { Locations = found, Tid = thread.Tid });
        StackView view = session.Stack.View;
        if (view.Frames.Count > 1)
            AddOwn(view.Frames[1].Pc, thread.Tid, view.Frames[1].Registers["rsp"] ?? 0, view.Frames[1].Registers["rsp"] - sizeof(ulong));
        execution.Resume(new ResumePlan());
    }

    private void RunTo(Address address, int tid, ulong lowestStack, ulong? slot)
    {
        AddOwn(address, tid, lowestStack, slot);
        execution.Resume(new ResumePlan());
    }

    private void AddOwn(Address address, int tid, ulong lowestStack, ulong? slot) => execution.Breakpoints.AddOwn(new Breakpoint(0, "")
    {
        Locations = [LocationFinder.At(session.RequireLive(), address)],
        Tid = tid,
        LowestStack = lowestStack,
        ReturnSlot = slot,
    });

    /// <summary>One that can be moved by instructions.</summary>
    private InferiorThread RequireWhole()
    {
        LiveInferior live = session.RequireLive();
        InferiorThread thread = session.RequireThread();
        if (thread.IsPartial && live.TryWake(thread.Tid) && live.Threads.FirstOrDefault(one => one.Tid == thread.Tid) is { IsPartial: false } awake)
        {
            session.Select(awake);
            return awake;
        }

        return thread.IsPartial
            ? throw new UserError("asleep", "This thread sleeps in a system call that Kaa can't interrupt without loss, so it can't be stepped.", "continue, and stop again when it has come out of it")
            : thread;
    }
}
