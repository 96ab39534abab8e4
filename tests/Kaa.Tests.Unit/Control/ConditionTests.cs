using System.Text;
using Kaa.Control.Conditions;
using Kaa.Formats;
using Kaa.Results;

namespace Kaa.Tests.Unit.Control;

/// <summary>Conditions as a person types them, asked at a hand-made call: mkdir("/tmp/build-7", 0755) by handle() of /app/x.py.</summary>
public sealed class ConditionTests
{
    private const ulong Path = 0x1000;
    private const ulong Copy = 0x2000;

    [Theory]
    [InlineData("arg1 == 0755")]
    [InlineData("arg1 == 493 and $rsi == 0x1ed")]
    [InlineData("arg1 > 4 && arg1 < 500 || 1 == 2")]
    [InlineData("not arg1 == 3")]
    [InlineData("!(arg1 == 3)")]
    [InlineData("not not arg1")]
    [InlineData("arg1")]
    [InlineData("arg1 & 0x100")]
    [InlineData("(arg1 & 7) == 5")]
    [InlineData("arg1 + 2 * 3 - 10 / 5 == 497")]
    [InlineData("arg1 % 10 == 3 and arg1 << 1 == 986 and arg1 >> 1 == 246 and (arg1 ^ arg1) == 0 and (1 | 2) == 3")]
    [InlineData("arg2 == -1")]
    [InlineData("(int) arg3 == -1")]
    [InlineData("(unsigned int) arg3 == 0xffffffff")]
    [InlineData("(unsigned char) arg3 == 255 and (char) arg3 == -1 and (short) arg3 == -1")]
    [InlineData("$ecx == -1")]
    [InlineData("arg3 == 0xffffffff")]
    [InlineData("str(arg0) =~ \"^/tmp/\"")]
    [InlineData("str(arg0) !~ '^/var'")]
    [InlineData("str(arg0) == \"/tmp/build-7\"")]
    [InlineData("str($rdi) != '/tmp'")]
    [InlineData("len(str(arg0)) == 12")]
    [InlineData("$_regex((char*) $rdi, \"build-[0-9]+$\")")]
    [InlineData("$_regex((char *) $rdi, '/tmp/.*')")]
    [InlineData("$_streq((char*) $rdi, \"/tmp/build-7\")")]
    [InlineData("$_streq($rdi, $r8)")]
    [InlineData("$_strlen((const char*) $rdi) == 12")]
    [InlineData("$_memeq($rdi, $r8, 12)")]
    [InlineData("*(char*) $rdi == 47")]
    [InlineData("*(int*) ($rdi + 4) == 0x6975622f and *(unsigned char *)($rdi + 1) == 116")]
    [InlineData("*(long*) $rsp == 0x1234 and *$rsp == 0x1234")]
    [InlineData("py.function == \"handle\" and py.file =~ \"x[.]py$\" and py.line == 12")]
    [InlineData("py.stack =~ \"(^| )run( |$)\"")]
    [InlineData("thread.name == 'worker-1' and thread.id == 4711")]
    [InlineData("$pc == 0x401000 and $sp == 0x3000")]
    [InlineData("-arg2 == 1")]
    [InlineData("9223372036854775807 > 1 and 0xffffffffffffffff == -1")]
    [InlineData("1 == 1 or str(arg5) == 'unreadable'")]
    [InlineData("not (1 == 2 and str(arg5) == 'unreadable')")]
    public void What_is_so_holds(string condition) => Ask(condition).ShouldBe(new ConditionAnswer(true, null));

    [Theory]
    [InlineData("arg1 == 0644")]
    [InlineData("arg1 == 493 and arg1 == 3")]
    [InlineData("str(arg0) =~ '^tmp'")]
    [InlineData("py.function == \"Handle\"")]
    [InlineData("thread.id > 5000 or arg2 > 0")]
    [InlineData("str(arg5) == 'unreadable' and 1 == 2")]
    public void What_is_not_so_does_not(string condition) => Ask(condition).ShouldBe(new ConditionAnswer(false, null));

    [Theory]
    [InlineData("str(arg5) == 'x'", "no text at 0x66660000")]
    [InlineData("not str(arg5) == 'x'", "no text at")]
    [InlineData("*(int*) arg5 == 1", "can't be read")]
    [InlineData("str(arg5) == 'x' or arg1 == 3", "no text at")]
    [InlineData("arg1 / 0 == 1", "division")]
    [InlineData("$r15 == 1", "register")]
    [InlineData("$_memeq($rdi, $r8, 100000000)", "too many")]
    [InlineData("str(0x4000) =~ '^(a+)+$'", "takes longer than 100 ms")]
    public void What_cannot_be_told_is_unknown_with_its_reason(string condition, string reason)
    {
        ConditionAnswer answer = Ask(condition);
        answer.Holds.ShouldBeNull();
        answer.Unknown!.ShouldContain(reason);
    }

    [Fact]
    public void Without_Python_code_its_facts_are_unknown()
    {
        ConditionAnswer answer = ConditionEvaluator.Ask(ConditionParser.Parse("py.function == 'handle'"), new Moment { HasPython = false });
        answer.ShouldBe(new ConditionAnswer(null, "the thread is in no Python code"));
    }

    [Fact]
    public void The_smallest_number_divided_by_minus_one_is_no_crash() =>
        Ask("0x8000000000000000 / -1 == 0x8000000000000000 and 0x8000000000000000 % -1 == 0").Holds.ShouldBe(true);

    [Theory]
    [InlineData("")]
    [InlineData("and")]
    [InlineData("arg1 ==")]
    [InlineData("arg1 = 3")]
    [InlineData("arg6 == 1")]
    [InlineData("$xyz == 1")]
    [InlineData("$_nothing(1)")]
    [InlineData("py.nothing == 1")]
    [InlineData("py == 1")]
    [InlineData("str(arg0)")]
    [InlineData("str(arg0) == 1")]
    [InlineData("py.line =~ 'x'")]
    [InlineData("str(arg0) =~ arg1")]
    [InlineData("str(arg0) =~ '('")]
    [InlineData("arg0 == 'open")]
    [InlineData("08 == 1")]
    [InlineData("0x10000000000000000 == 1")]
    [InlineData("(arg1 == 3")]
    [InlineData("arg1 == 3)")]
    [InlineData("(1 == 1) + 2 == 3")]
    [InlineData("(1 == 1) == (2 == 2)")]
    [InlineData("*(int) $rdi == 1")]
    [InlineData("str(str(arg0)) == 'x'")]
    [InlineData("arg1 == 3 # comment")]
    public void What_is_no_condition_is_said_to_be_none(string condition) =>
        Should.Throw<UserError>(() => ConditionParser.Parse(condition)).Code.ShouldBe("condition");

    [Theory]
    [InlineData("(")]
    [InlineData("*")]
    [InlineData("(int)")]
    [InlineData("*(int*)")]
    [InlineData("len(")]
    public void Nesting_does_not_fill_the_stack(string part) =>
        Should.Throw<UserError>(() => ConditionParser.Parse(string.Concat(Enumerable.Repeat(part, 100_000)))).Code.ShouldBe("condition");

    private static ConditionAnswer Ask(string condition) => ConditionEvaluator.Ask(ConditionParser.Parse(condition), new Moment());

    private sealed class Moment : IConditionContext
    {
        private static readonly Dictionary<int, ulong> Registers = new()
        {
            [5] = Path, [4] = 0x1ed, [1] = ulong.MaxValue, [2] = 0xffffffff, [8] = Copy, [9] = 0x66660000, [16] = 0x401000, [7] = 0x3000,
        };

        public bool HasPython { get; init; } = true;

        public IMemory Memory { get; } = new FakeMemory()
            .Add(Path, Encoding.ASCII.GetBytes("/tmp/build-7\0"))
            .Add(Copy, Encoding.ASCII.GetBytes("/tmp/build-7\0"))
            .Add(0x3000, BitConverter.GetBytes(0x1234L))
            .Add(0x4000, Encoding.ASCII.GetBytes(new string('a', 60) + "b\0"));

        public long? Register(int number) => Registers.TryGetValue(number, out ulong value) ? unchecked((long)value) : null;

        public object? Fact(ConditionFact fact) => fact switch
        {
            ConditionFact.ThreadName => "worker-1",
            ConditionFact.ThreadId => 4711L,
            _ when !HasPython => null,
            ConditionFact.PythonFunction => "handle",
            ConditionFact.PythonFile => "/app/x.py",
            ConditionFact.PythonLine => 12L,
            _ => "handle run <module>",
        };
    }
}
