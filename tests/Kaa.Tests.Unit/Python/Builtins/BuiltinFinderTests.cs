using System.Text;
using Kaa.Formats;
using Kaa.Python.Builtins;
using Kaa.Python.Bytecode;
using Kaa.Python.Layout;
using Kaa.Python.Stack;
using Kaa.Results;
using Kaa.Tests.Unit.Python.Bytecode;

namespace Kaa.Tests.Unit.Python.Builtins;

/// <summary>One frame that stands on <c>name(argument)</c>, on hand-made memory.</summary>
public sealed class BuiltinFinderTests
{
    private static readonly BuiltinFrame Sleep = new("sleep", "time") { QualifiedName = "sleep" };

    public static TheoryData<int, int> Versions => new() { { 3, 10 }, { 3, 11 }, { 3, 12 }, { 3, 13 }, { 3, 14 }, { 3, 15 } };

    [Theory]
    [MemberData(nameof(Versions))]
    public void A_call_that_runs_is_named(int major, int minor)
    {
        var call = new OneCall(major, minor, name: "sleep");
        call.Fill(call.CFunction("sleep", "time"));
        call.Find().ShouldBe(Sleep);
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public void A_call_that_has_returned_a_C_function_is_not_taken_for_a_call_of_it(int major, int minor)
    {
        var call = new OneCall(major, minor, name: "getattr");
        call.Fill(call.CFunction("getattr", "builtins"));
        call.Return(call.CFunction("sleep", "time"));
        call.Find().ShouldBeNull();
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public void A_function_of_another_name_is_named_where_the_thread_is_surely_in_a_call(int major, int minor)
    {
        var call = new OneCall(major, minor, name: "nap");
        call.Fill(call.CFunction("sleep", "time"));
        call.Find(blocked: true).ShouldBe(Sleep);

        // Elsewhere the result would lie in another slot, or lower.
        call.Find(blocked: false).ShouldBe(major == 3 && minor is 10 or 13 ? null : Sleep);
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public void Python_functions_are_no_builtins(int major, int minor)
    {
        var call = new OneCall(major, minor, name: "work");
        call.Fill(call.World.Object(call.World.Type("function"), 128));
        call.Find(blocked: true).ShouldBeNull();
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public void Garbage_in_the_slot_is_no_builtin(int major, int minor)
    {
        var call = new OneCall(major, minor, name: "sleep");
        call.Fill(new Address(0x1234_5678));
        call.Find(blocked: true).ShouldBeNull();
    }

    [Theory]
    [InlineData(3, 14)]
    [InlineData(3, 15)]
    public void A_stack_that_is_higher_or_lower_than_the_instruction_needs_is_not_read(int major, int minor)
    {
        foreach (int slots in new[] { 0, 2, 4 })
        {
            var call = new OneCall(major, minor, name: "sleep");
            call.Fill(call.CFunction("sleep", "time"));
            call.SetHeight(slots);
            call.Find().ShouldBeNull();
        }
    }

    [Theory]
    [InlineData(3, 12, 40, false)]
    [InlineData(3, 13, 32, false)]
    [InlineData(3, 14, 96, true)]
    [InlineData(3, 15, 104, true)]
    public void Code_that_a_tool_watches_is_read_as_it_was(int major, int minor, int lines, bool hasSize)
    {
        var call = new OneCall(major, minor, name: "sleep");
        call.Fill(call.CFunction("sleep", "time"));
        call.Watch(lines, hasSize, known: true);
        call.Find().ShouldBe(Sleep);
    }

    [Theory]
    [InlineData(3, 12, 40, false)]
    [InlineData(3, 14, 96, true)]
    public void Code_whose_instructions_can_not_be_found_is_not_followed(int major, int minor, int lines, bool hasSize)
    {
        var call = new OneCall(major, minor, name: "sleep");
        call.Fill(call.CFunction("sleep", "time"));
        call.Watch(lines, hasSize, known: false);
        call.Find().ShouldBeNull();
    }

    private sealed class OneCall
    {
        private const int StackSize = 4;

        private readonly Address _frame;
        private readonly Address _stack;
        private readonly int _release;
        private readonly Address _functionType;
        private readonly Address _code;
        private int _load;

        public OneCall(int major, int minor, string name)
        {
            World = new PyWorld(major, minor);
            _release = (major * 100) + minor;
            _functionType = World.Type("builtin_function_or_method");
            var assembler = new Assembler(major, minor);
            int call = Assemble(assembler);
            Address code = _code = Code(assembler.Code, name);
            if (_release < 311)
            {
                _frame = World.FrameObject(code, Address.Null, call / 2);
                _stack = _frame + World.Layout.FrameObject.f_localsplus;
                World.Put(_frame + World.Layout.FrameObject.f_valuestack, _stack);
            }
            else
            {
                _frame = World.Frame(code, Address.Null, call);
                _stack = _frame + World.Layout.Frame.localsplus;
                SetHeight(3);
            }
        }

        public PyWorld World { get; }

        /// <summary>The stack as it is while the call runs.</summary>
        public void Fill(Address callable)
        {
            Address argument = World.Str("1");
            ulong empty = _release >= 314 ? 1ul : 0ul;
            ulong[] slots = _release switch
            {
                310 => [callable.Value, argument.Value],
                311 or 312 => [0, callable.Value, argument.Value],
                _ => [callable.Value, empty, argument.Value],
            };
            for (int i = 0; i < slots.Length; i++)
                World.Put(_stack + (8 * i), slots[i]);
        }

        /// <summary>The result takes the lowest slot; the others keep what they had.</summary>
        public void Return(Address result)
        {
            World.Put(_stack, result);
            SetHeight(1);
        }

        public void SetHeight(int slots)
        {
            if (World.Layout.Frame.stackpointer != Offset.Absent)
                World.Put(_frame + World.Layout.Frame.stackpointer, _stack + (8 * slots));
        }

        /// <summary>The load of the callable begins a line that is traced.</summary>
        public void Watch(int lines, bool hasSize, bool known)
        {
            Address load = _code + (World.Layout.Code.co_code_adaptive + _load);
            Span<byte> number = stackalloc byte[1];
            World.Read(load, number);
            World.PutByte(load, new Assembler(_release / 100, _release % 100).Number(Op.INSTRUMENTED_LINE));
            Address monitoring = World.Allocate(160);
            World.Put(_code + World.Layout.Code._co_monitoring, monitoring);
            if (!known)
                return;
            Address table = World.Allocate(1024);
            World.Put(monitoring + lines, table);
            if (hasSize)
                World.PutByte(table, 3);
            World.PutByte(table + (hasSize ? 1 + (3 * (_load / 2)) : _load), number[0]);
        }

        public Address CFunction(string name, string module)
        {
            Address text = World.Allocate(name.Length + 1);
            World.PutBytes(text, Encoding.ASCII.GetBytes(name));
            Address definition = World.Allocate(32);
            World.Put(definition, text);
            Address function = World.Object(_functionType, 64);
            World.Put(function + World.Layout.Callable.m_ml, definition);
            World.Put(function + World.Layout.Callable.m_module, World.Str(module));
            return function;
        }

        public BuiltinFrame? Find(bool blocked = false)
        {
            RawFrame frame = World.Chain().Walk(World.ThreadBytes(_frame)).Frames.ShouldHaveSingleItem();
            return BuiltinFinder.For(World.Objects(), World.Layout, World.Version.Semantics.StackRefTags)!.Find(frame, blocked);
        }

        private int Assemble(Assembler a)
        {
            int call;
            if (_release >= 311)
                a.Add(Op.RESUME);
            _load = a.Add(Op.LOAD_GLOBAL, _release >= 311 ? 1 : 0);
            a.Add(Op.LOAD_CONST);
            if (_release == 310)
            {
                call = a.Add(Op.CALL_FUNCTION, 1);
            }
            else
            {
                if (_release == 311)
                    a.Add(Op.PRECALL, 1);
                call = a.Add(Op.CALL, 1);
            }

            a.Add(Op.RETURN_VALUE);
            return call;
        }

        private Address Code(byte[] bytecode, string name)
        {
            CodeLayout c = World.Layout.Code;
            Address code = World.Code("f", 1, []);
            World.Put(code + c.co_stacksize, StackSize);
            Address names = World.Object(World.Type("tuple"), 64);
            World.Put(names + World.ObjectLayout.ob_size, 1ul);
            World.Put(names + World.ObjectLayout.tuple_ob_item, World.Str(name));
            World.Put(code + c.co_names, names);
            if (c.co_code_adaptive == Offset.Absent)
            {
                World.Put(code + c.co_code, World.Bytes(bytecode));
                return code;
            }

            World.PutBytes(code + c.co_code_adaptive, bytecode);
            World.Put(code + c.co_exceptiontable, World.Bytes([]));
            return code;
        }
    }
}
