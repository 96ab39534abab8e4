using System.Globalization;
using System.Text;
using Kaa.Control.Agent;
using Kaa.Control.Conditions;
using Kaa.Formats;
using Kaa.Tests.Unit.Linux.Live;

namespace Kaa.Tests.Unit.Control.Agent;

/// <summary>Conditions as the agent's own C answers them, against Kaa's evaluator.</summary>
public sealed class ConditionProgramTests : IDisposable
{
    private const ulong MemoryEnd = 0x10001000;
    private static readonly ulong[] Values =
        [0, 1, 2, 7, 8, 63, 64, 100, 255, 256, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 0x7fff_ffff_ffff_ffff, 0x8000_0000_0000_0000, ulong.MaxValue, ulong.MaxValue - 1, MemoryEnd - 32, MemoryEnd - 8, MemoryEnd - 4, MemoryEnd];

    private static readonly string Agent = Path.Combine(Root(), "agent");

    private readonly TestProgram _agent = TestProgram.StartFile(TestProgram.Compile(
        "conditions", "-DAGENT", "-I", Agent, Path.Combine(Agent, "condition.c"), Path.Combine(Agent, "calls.c")));

    public void Dispose() => _agent.Dispose();

    [Theory]
    [InlineData("arg0 == 1")]
    [InlineData("not arg0 and arg1 or arg2")]
    [InlineData("(arg0 & 7) + (arg1 | 3) * arg2 - (arg3 ^ arg4) > 10")]
    [InlineData("arg0 / arg1 == 3 or arg1 / arg0 < -1")]
    [InlineData("arg0 % arg1 == 1")]
    [InlineData("arg0 << arg1 >= arg2 >> arg3")]
    [InlineData("(int) arg0 < (unsigned int) arg1")]
    [InlineData("(char) arg0 == (unsigned char) arg1 or (short) arg2 != (unsigned short) arg3")]
    [InlineData("*(int*) arg0 == 0x03020100")]
    [InlineData("*(unsigned char*) arg0 >= *(signed char*) arg1 and *(short*) arg2 > 0")]
    [InlineData("*arg0 == *(long*) arg1 || $rsp > $rip")]
    [InlineData("arg0 == 1 and str(arg1) == 'x'")]
    [InlineData("arg0 == 1 or str(arg1) == 'x'")]
    [InlineData("not (arg0 == 1 and py.function == 'f') or arg2 == 2")]
    [InlineData("-arg0 == arg1 && !(arg2 <= arg3)")]
    public void The_agent_answers_as_the_evaluator_does(string text)
    {
        ConditionNode condition = ConditionParser.Parse(text);
        ConditionProgram program = ConditionProgram.Compile(condition)!;
        program.IsExact.ShouldBe(!text.Contains("str(", StringComparison.Ordinal) && !text.Contains("py.", StringComparison.Ordinal));
        var random = new Random(7);
        int undecided = 0;
        for (int i = 0; i < 400; i++)
        {
            ulong[] registers = new ulong[18];
            for (int r = 0; r < registers.Length; r++)
                registers[r] = random.Next(4) == 0 ? (ulong)random.NextInt64() : Values[random.Next(Values.Length)];
            int answer = Ask(program.Code, registers);
            bool? expected = ConditionEvaluator.Ask(condition, new Moment(registers)).Holds;

            // What it can't tell it leaves to Kaa.
            if (answer != 2 || program.IsExact)
                answer.ShouldBe(expected switch { true => 1, false => 0, _ => 2 }, string.Join(' ', registers));
            undecided += answer == 2 ? 1 : 0;
        }

        undecided.ShouldBeLessThan(400);
    }

    [Theory]
    [InlineData("str(arg0) == 'x'")]
    [InlineData("py.line == 3")]
    public void What_only_Kaa_can_tell_is_not_compiled(string text) => ConditionProgram.Compile(ConditionParser.Parse(text)).ShouldBeNull();

    [Fact]
    public void What_is_too_long_or_too_deep_is_not_compiled()
    {
        ConditionProgram.Compile(ConditionParser.Parse(string.Join(" or ", Enumerable.Repeat("arg0 == 1", 40)))).ShouldBeNull();
        ConditionProgram.Compile(ConditionParser.Parse(string.Concat(Enumerable.Repeat("arg0 == (1 + ", 1)) + string.Concat(Enumerable.Repeat("(1 + ", 20)) + "1" + new string(')', 21))).ShouldBeNull();
    }

    [Fact]
    public void Whatever_the_bytes_are_it_ends()
    {
        var random = new Random(11);
        byte[] code = new byte[64];
        for (int i = 0; i < 3000; i++)
        {
            random.NextBytes(code);
            for (int b = 0; b < code.Length; b++)
                code[b] = random.Next(3) == 0 ? code[b] : (byte)(code[b] % 28);
            Ask(code, new ulong[18]).ShouldBeInRange(0, 2);
        }
    }

    private int Ask(byte[] program, ulong[] registers)
    {
        var line = new StringBuilder(Convert.ToHexString(program));
        foreach (ulong register in registers)
            line.Append(' ').Append(register.ToString("x", CultureInfo.InvariantCulture));
        _agent.WriteLine(line.ToString());
        return int.Parse(_agent.ReadLine(), CultureInfo.InvariantCulture);
    }

    private static string Root()
    {
        string? directory = AppContext.BaseDirectory;
        while (directory is not null && !File.Exists(Path.Combine(directory, "Kaa.slnx")))
            directory = Path.GetDirectoryName(directory);
        return directory!;
    }

    private sealed class Moment(ulong[] registers) : IConditionContext
    {
        private static readonly FakeMemory s_memory = new FakeMemory().Add(MemoryEnd - 4096, [.. new byte[4096 - 32], .. Enumerable.Range(0, 32).Select(b => (byte)b)]);

        public IMemory Memory => s_memory;

        public long? Register(int number) => unchecked((long)registers[number]);

        public object? Fact(ConditionFact fact) => null;
    }
}
