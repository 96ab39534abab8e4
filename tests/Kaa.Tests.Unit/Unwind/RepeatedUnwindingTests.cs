using Kaa.Formats;
using Kaa.Formats.Cfi;
using Kaa.Target;
using Kaa.Target.Arch;
using Kaa.Target.Unwind;

namespace Kaa.Tests.Unit.Unwind;

/// <summary>A stack that was unwound before is not taken for another one.</summary>
public sealed class RepeatedUnwindingTests
{
    private const ulong Code = 0x10000;
    private const ulong Stack = 0x70000;
    private const int Words = 24;

    private readonly Rules _rules = new();
    private readonly RepeatedUnwinding _repeated = new();

    [Fact]
    public void The_same_stack_is_unwound_once()
    {
        ulong[] words = Sound();
        UnwoundStack first = Again(words, 1);
        int asked = _rules.Asked;
        words[5] ^= 0xffff;
        Again(words, 1).ShouldBeSameAs(first, "nothing is read of that word");
        _rules.Asked.ShouldBe(asked);
        first.Frames.Select(frame => frame.Pc.Value).ShouldBe([Code + 4, Code + 0x110, Code + 0x210, Code + 0x310]);
    }

    [Fact]
    public void What_only_was_saved_is_read_anew()
    {
        ulong[] words = Sound();
        UnwoundStack first = Again(words, 1);
        first.Frames.Select(frame => frame.Registers![X64Registers.Rbx]).ShouldBe([1ul, 1ul, 77ul, 77ul]);
        int asked = _rules.Asked;
        words[2] = 78;
        Again(words, 2).ShouldBeSameAs(first);
        _rules.Asked.ShouldBe(asked);
        first.Frames.Select(frame => frame.Registers![X64Registers.Rbx]).ShouldBe([2ul, 2ul, 78ul, 78ul]);
    }

    [Fact]
    public void Whatever_word_or_register_is_another_one_the_answer_is_that_of_a_first_look()
    {
        var random = new Random(3);
        for (int round = 0; round < 40_000; round++)
        {
            // Now and then the second function's frame is found by what the first one has kept.
            if (round % 100 == 0)
                (_rules.ByRbx, _rules.First) = (random.Next(2) == 0, random.Next(3) == 0 ? X64Registers.Rbx : X64Registers.Rsp);
            ulong[] words = Sound();
            ulong rbx = random.Next(5) == 0 ? Stack + (ulong)random.Next(6) * 8 : random.Next(3) == 0 ? 9u : 1;
            for (int i = random.Next(3); i > 0; i--)
                words[random.Next(Words)] = random.Next(3) == 0 ? (ulong)random.Next() : Code + (ulong)random.Next(4) * 0x100 + 0x10;
            CapturedStack stack = Captured(words, rbx);
            UnwoundStack plain = NativeUnwinder.Unwind(stack, new FakeMemory(), _rules);
            UnwoundStack repeated = _repeated.Unwind(Captured(words, rbx), new FakeMemory(), _rules);
            Tell(repeated).ShouldBe(Tell(plain));
        }
    }

    [Fact]
    public void A_frame_that_is_found_by_another_register_is_not_kept()
    {
        _rules.First = 10;
        Again(Sound(), 1).Frames.Count.ShouldBe(4);
        UnwoundStack last = Again(Sound(), 1);
        Again(Sound(), 1).ShouldNotBeSameAs(last);
    }

    private UnwoundStack Again(ulong[] words, ulong rbx) => _repeated.Unwind(Captured(words, rbx), new FakeMemory(), _rules);

    private static string Tell(UnwoundStack stack) =>
        string.Join(' ', stack.Frames.Select(frame => $"{frame.Pc}/{frame.Cfa}/{frame.StackPointer}/{string.Join(',', frame.Registers!.Values)}")) + stack.EndReason;

    /// <summary>Three calls, of which the second one keeps rbx.</summary>
    private static ulong[] Sound()
    {
        ulong[] words = new ulong[Words];
        words[0] = Code + 0x110;
        words[2] = 77;
        words[3] = Code + 0x210;
        words[7] = Code + 0x310;
        return words;
    }

    private static CapturedStack Captured(ulong[] words, ulong rbx)
    {
        var registers = new X64Registers();
        registers[X64Registers.Rip] = Code + 4;
        registers[X64Registers.Rsp] = Stack;
        registers[X64Registers.Rbx] = rbx;
        registers[10] = Stack;
        byte[] bytes = new byte[Words * 8];
        Buffer.BlockCopy(words, 0, bytes, 0, bytes.Length);
        return new CapturedStack(new TargetThread { Tid = 1, NamespaceTid = 1, Registers = registers, StackPointer = new Address(Stack) }, new Address(Stack), bytes, null);
    }

    private sealed class Rules : IUnwindSource, IUnwindRows
    {
        public int Asked { get; private set; }

        /// <summary>By which register the first frame is found.</summary>
        public int First { get; set; } = X64Registers.Rsp;

        /// <summary>The third function's frame is found by rbx.</summary>
        public bool ByRbx { get; set; }

        public IUnwindRows? RowsFor(Address pc) => pc.Value is >= Code and < Code + 0x400 ? this : null;

        public bool IsCode(Address pc) => pc.Value is >= Code and < Code + 0x400;

        public void Visit(UnwindRowVisitor visit) => throw new NotSupportedException();

        public bool MayBeOneFunction(Address start, Address pc) => false;

        public UnwindRow? Find(Address pc)
        {
            Asked++;
            ulong function = (pc.Value - Code) / 0x100;
            var row = new UnwindRow
            {
                CfaRegister = function == 0 ? First : function == 2 && ByRbx ? X64Registers.Rbx : X64Registers.Rsp,
                CfaOffset = function switch { 1 => 24, 2 => 32, _ => 8 },
                Start = new Address(Code + function * 0x100),
                End = new Address(Code + (function + 1) * 0x100),
            };
            row.Rules[X64Registers.Rip] = new UnwindRule(function == 3 ? UnwindRuleKind.Undefined : UnwindRuleKind.Offset, -8);
            if (function == 1)
                row.Rules[X64Registers.Rbx] = new UnwindRule(UnwindRuleKind.Offset, -16);
            return row;
        }
    }
}
