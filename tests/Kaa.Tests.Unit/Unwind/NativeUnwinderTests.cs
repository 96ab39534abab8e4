using Kaa.Formats;
using Kaa.Formats.Cfi;
using Kaa.Target.Arch;
using Kaa.Target.Unwind;

namespace Kaa.Tests.Unit.Unwind;

/// <summary>Stacks of a few made-up functions in one piece of code.</summary>
public sealed class NativeUnwinderTests
{
    private const ulong Code = 0x10000;
    private const ulong Stack = 0x70000;

    private readonly byte[] _code = new byte[0x1000];
    private readonly byte[] _stack = new byte[0x400];
    private readonly Rules _rules = new();

    [Fact]
    public void Frames_follow_each_other_to_the_function_that_nobody_called()
    {
        _rules.Add(Code, new UnwindRow { CfaRegister = 7, CfaOffset = 8 });
        _rules.Add(Code + 0x100, new UnwindRow { CfaRegister = 7, CfaOffset = 24 });
        _rules.AddLast(Code + 0x200);
        Put(0x00, Code + 0x110);
        Put(0x18, Code + 0x210);
        UnwoundStack stack = Unwind(Code + 4, Stack);
        stack.EndReason.ShouldBeNull();
        stack.Frames.Select(frame => frame.Pc.Value).ShouldBe([Code + 4, Code + 0x110, Code + 0x210]);
        stack.Frames.Select(frame => frame.ExactPc).ShouldBe([true, false, false]);
        stack.Frames[1].StackPointer.ShouldBe(new Address(Stack + 8));
        stack.Frames[1].Cfa.ShouldBe(new Address(Stack + 0x20));
        stack.Frames[1].Range.ShouldBe(new Address(Code + 0x100));
    }

    [Fact]
    public void A_frame_that_needs_a_register_of_a_sleeping_thread_ends_the_stack_and_says_so()
    {
        _rules.Add(Code, new UnwindRow { CfaRegister = 6, CfaOffset = 16 });
        UnwoundStack stack = Unwind(Code + 0x20, Stack);
        stack.NeedsRegisters.ShouldBeTrue();
        stack.EndReason.ShouldNotBeNull();
        stack.Frames.Count.ShouldBe(1);
    }

    [Theory]
    [InlineData(new byte[] { 0x55, 0x48, 0x89, 0xe5, 0x48, 0x83, 0xec, 0x20 })]
    [InlineData(new byte[] { 0xf3, 0x0f, 0x1e, 0xfa, 0x55, 0x48, 0x89, 0xe5, 0x48, 0x81, 0xec, 0x20, 0, 0, 0 })]
    [InlineData(new byte[] { 0x55, 0x48, 0x89, 0xe5, 0x48, 0x8d, 0x64, 0x24, 0xe0 })]
    public void The_first_instructions_tell_the_frame_pointer_where_the_call_proves_it(byte[] prologue)
    {
        FramePointerFunction(prologue, calledFrom: Code + 0x110, target: Code);
        UnwoundStack stack = Unwind(Code + 0x20, Stack);
        stack.EndReason.ShouldBeNull();
        stack.Frames.Select(frame => frame.Pc.Value).ShouldBe([Code + 0x20, Code + 0x110]);
        stack.Frames[0].Cfa.ShouldBe(new Address(Stack + 0x30));
    }

    [Fact]
    public void A_frame_pointer_is_not_believed_where_the_call_leads_elsewhere()
    {
        FramePointerFunction([0x55, 0x48, 0x89, 0xe5, 0x48, 0x83, 0xec, 0x20], calledFrom: Code + 0x110, target: Code + 0x300);
        Unwind(Code + 0x20, Stack).NeedsRegisters.ShouldBeTrue();
    }

    [Fact]
    public void The_kernels_signal_frame_is_known_by_its_return_code()
    {
        new byte[] { 0x48, 0xc7, 0xc0, 0x0f, 0, 0, 0, 0x0f, 0x05 }.CopyTo(_code, 0x400);
        _rules.Add(Code, new UnwindRow { CfaRegister = 7, CfaOffset = 8 });
        _rules.AddLast(Code + 0x200);
        Put(0x00, Code + 0x400);
        Put(8 + 40 + (15 * 8), Stack + 0x300);
        Put(8 + 40 + (16 * 8), Code + 0x208);
        UnwoundStack stack = Unwind(Code + 4, Stack);
        stack.EndReason.ShouldBeNull();
        stack.Frames.Select(frame => (frame.Pc.Value, frame.Signal, frame.ExactPc)).ShouldBe(
            [(Code + 4, false, true), (Code + 0x400, true, false), (Code + 0x208, false, true)]);
        stack.Frames[2].StackPointer.ShouldBe(new Address(Stack + 0x300));
    }

    [Theory]
    [InlineData(435, 0ul, true)]
    [InlineData(56, 0ul, true)]
    [InlineData(435, 4711ul, false)] // its maker
    [InlineData(435, null, false)]
    [InlineData(57, 0ul, false)]
    public void A_thread_that_was_just_made_has_nothing_below_it(int call, ulong? result, bool isStart)
    {
        byte[] code = [0xb8, .. BitConverter.GetBytes(call), 0x0f, 0x05, 0x48, 0x85, 0xc0];
        code.CopyTo(_code, 0x400);
        var registers = new X64Registers();
        registers[X64Registers.Rip] = Code + 0x407;
        registers[X64Registers.Rsp] = Stack;
        registers[0] = result;
        UnwoundStack stack = new NativeUnwinder(new FakeMemory().Add(Code, _code).Add(Stack, _stack), _rules).Unwind(registers);
        stack.Frames.Count.ShouldBe(1);
        (stack.EndReason is null).ShouldBe(isStart);
    }

    [Fact]
    public void A_stack_that_leads_downwards_ends_with_a_reason()
    {
        _rules.Add(Code, new UnwindRow { CfaRegister = 7, CfaOffset = -16 });
        Unwind(Code + 4, Stack + 0x100).EndReason.ShouldNotBeNull();
    }

    [Fact]
    public void A_copy_that_was_cut_is_the_reason_why_a_stack_ends()
    {
        _rules.Add(Code, new UnwindRow { CfaRegister = 7, CfaOffset = 0x30 });
        var thread = new Kaa.Target.TargetThread
        {
            Tid = 1, NamespaceTid = 1, StackPointer = new Address(Stack), InstructionPointer = new Address(Code + 4),
        };
        var captured = new CapturedStack(thread, new Address(Stack), new byte[16], "no time");
        UnwoundStack stack = NativeUnwinder.Unwind(captured, new FakeMemory().Add(Code, _code), _rules);
        stack.EndReason.ShouldBe("no time");
        stack.Frames.Count.ShouldBe(1);
    }

    [Theory]
    [InlineData(Code + 0x300, true)]
    [InlineData(Code + 0x400, true)]
    [InlineData(Code + 0x500, false)]
    public void Without_rules_the_caller_is_who_called_this_function_or_one_that_jumps_to_it(ulong called, bool isFound)
    {
        // At +400 a function that goes on at +300 as its last act; what lies below the right address is left from earlier calls.
        new byte[] { 0x89, 0xf8, 0xe9 }.CopyTo(_code, 0x400);
        BitConverter.GetBytes(0x300 - 0x407).CopyTo(_code, 0x403);
        Call(0x110, called);
        Call(0x130, Code + 0x500);
        _rules.AddLast(Code + 0x100);
        Put(0x00, Stack + 0x20);
        Put(0x10, Code + 0x130);
        Put(0x28, Code + 0x110);
        UnwoundStack stack = Unwind(Code + 0x320, Stack);
        (stack.EndReason is null).ShouldBe(isFound);
        stack.Frames.Count.ShouldBe(isFound ? 2 : 1);
        if (!isFound)
            return;
        stack.Frames[1].Pc.ShouldBe(new Address(Code + 0x110));
        stack.Frames[1].StackPointer.ShouldBe(new Address(Stack + 0x30));
        stack.Frames[0].Entry.ShouldBe(new Address(Code + 0x300));
    }

    private void Call(int returnsTo, ulong target)
    {
        _code[returnsTo - 5] = 0xe8;
        BitConverter.GetBytes(unchecked((int)(target - Code - (ulong)returnsTo))).CopyTo(_code, returnsTo - 4);
    }

    private void FramePointerFunction(byte[] prologue, ulong calledFrom, ulong target)
    {
        prologue.CopyTo(_code, 0);
        _rules.Add(Code, new UnwindRow { CfaRegister = 6, CfaOffset = 16 });
        _rules.AddLast(Code + 0x100);
        Put(0x28, calledFrom);
        int call = (int)(calledFrom - Code) - 5;
        _code[call] = 0xe8;
        BitConverter.GetBytes(unchecked((int)(target - calledFrom))).CopyTo(_code, call + 1);
    }

    private void Put(int offset, ulong value) => BitConverter.GetBytes(value).CopyTo(_stack, offset);

    private UnwoundStack Unwind(ulong pc, ulong stackPointer)
    {
        var registers = new X64Registers();
        registers[X64Registers.Rip] = pc;
        registers[X64Registers.Rsp] = stackPointer;
        return new NativeUnwinder(new FakeMemory().Add(Code, _code).Add(Stack, _stack), _rules).Unwind(registers);
    }

    /// <summary>Functions of 256 bytes.</summary>
    private sealed class Rules : IUnwindSource, IUnwindRows
    {
        private const ulong Size = 0x100;

        private readonly Dictionary<ulong, UnwindRow> _rows = [];

        public void Add(ulong start, UnwindRow row)
        {
            row.Rules[16] = new UnwindRule(UnwindRuleKind.Offset, -8);
            (row.Start, row.End) = (new Address(start), new Address(start + Size));
            _rows.Add(start, row);
        }

        public void AddLast(ulong start)
        {
            Add(start, new UnwindRow { CfaRegister = 7, CfaOffset = 8 });
            _rows[start].Rules[16] = new UnwindRule(UnwindRuleKind.Undefined, 0);
        }

        public IUnwindRows? RowsFor(Address pc) => this;

        public bool IsCode(Address pc) => pc.Value is >= Code and < Code + 0x1000;

        public bool MayBeOneFunction(Address start, Address pc) => start <= pc && (start.Value & ~(Size - 1)) == (pc.Value & ~(Size - 1));

        public UnwindRow? Find(Address pc) => _rows.GetValueOrDefault(pc.Value & ~(Size - 1));

        public void Visit(UnwindRowVisitor visit)
        {
            foreach (UnwindRow row in _rows.Values)
                visit(row.Start, row);
        }
    }
}
