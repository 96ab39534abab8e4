using Kaa.Control.Debugging.Values;
using Kaa.Formats;
using Kaa.Python.Inspection;
using Kaa.Results;

namespace Kaa.Tests.Unit.Control.Debugging;

/// <summary>Expressions of print and x, worked out on hand-made registers and memory. What is expected is what gdb 13.1 prints for the same.</summary>
public sealed class ExpressionTests
{
    private const ulong Data = 0x1000;

    private readonly FakeScope _scope = new();

    public ExpressionTests()
    {
        _scope.Registers["rdi"] = new DataValue(DataType.Long, Data) { Register = "rdi" };
        _scope.Registers["rsi"] = new DataValue(DataType.Long, ulong.MaxValue) { Register = "rsi" };
        _scope.Registers["eax"] = new DataValue(DataType.Int, 0xffffffff) { Register = "eax" };
        _scope.Symbols["read"] = new DataValue(DataType.Code, 0, new Address(0x7000)) { Symbol = "read" };
        _scope.Symbols["environ"] = new DataValue(DataType.Data, 0, new Address(Data)) { Symbol = "environ" };
        _scope.Bytes.Add(Data, [1, 0, 0, 0, 2, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0, 0x10, 0, 0, 0, 0, 0, 0, (byte)'h', (byte)'i', 0]);
    }

    [Theory]
    [InlineData("1 + 2 * 3", 7)]
    [InlineData("(1 + 2) * 3", 9)]
    [InlineData("0x10 | 3", 19)]
    [InlineData("0755", 493)]
    [InlineData("-5 / 2", -2)]
    [InlineData("-5 % 3", -2)]
    [InlineData("1 << 40", 0)]
    [InlineData("1l << 40", 1L << 40)]
    [InlineData("~0", -1)]
    [InlineData("!5", 0)]
    [InlineData("5 > 3 && 2 != 3", 1)]
    [InlineData("1 == 2 || 0", 0)]
    [InlineData("7 ^ 2", 5)]
    [InlineData("10 - 3 - 2", 5)]
    [InlineData("'a'", 97)]
    [InlineData("$rsi", -1)]
    [InlineData("$rsi > 0", 0)]
    [InlineData("(unsigned long) $rsi > 0", 1)]
    [InlineData("$eax", -1)]
    [InlineData("(unsigned char) $rsi", 255)]
    [InlineData("(char) $rsi", -1)]
    [InlineData("(short) 0x18000", -32768)]
    [InlineData("sizeof(int)", 4)]
    [InlineData("sizeof(unsigned long)", 8)]
    [InlineData("sizeof(char*)", 8)]
    [InlineData("*(int*) $rdi", 1)]
    [InlineData("*(int *) ($rdi + 4)", 2)]
    [InlineData("((int*) $rdi)[1]", 2)]
    [InlineData("((int*) $rdi)[2]", -1)]
    [InlineData("((unsigned int *) $rdi)[2]", 0xffffffff)]
    [InlineData("*((int*) $rdi + 1)", 2)]
    [InlineData("*(long*) $rdi", 0x200000001)]
    [InlineData("{int} 0x1004", 2)]
    [InlineData("(int) environ", 1)]
    [InlineData("(long) &environ", 0x1000)]
    [InlineData("(long) read", 0x7000)]
    [InlineData("(long) &read", 0x7000)]
    [InlineData("((int*) 0x1008) - (int*) 0x1000", 2)]
    [InlineData("(uint8_t) 0x1ff", 255)]
    [InlineData("(Py_ssize_t) 5", 5)]
    public void A_number(string text, long expected) => ExpressionReader.Evaluate(text, _scope).Let(value => Operators.NumberOf(value)).ShouldBe(expected);

    [Theory]
    [InlineData("(char*) $rdi", "char *")]
    [InlineData("(PyObject**) $rdi", "PyObject **")]
    [InlineData("(unsigned long *) 1", "unsigned long *")]
    [InlineData("1", "int")]
    [InlineData("0xffffffff", "unsigned int")]
    [InlineData("0x1ffffffff", "long")]
    [InlineData("1u + 1", "unsigned int")]
    [InlineData("&read", "void (*)()")]
    [InlineData("*(int*) $rdi@3", "int [3]")]
    [InlineData("1.5", "double")]
    public void Its_type(string text, string expected)
    {
        _scope.Known = new PyStruct("PyObject", [new StructField("ob_refcnt", 0, 8, StructFieldKind.Signed), new StructField("ob_type", 8, 8, StructFieldKind.Pointer, "PyObject")]);
        ExpressionReader.Evaluate(text, _scope).Type.Name.ShouldBe(expected);
    }

    [Fact]
    public void Fields_of_a_struct_by_point_and_arrow()
    {
        _scope.Known = new PyStruct("PyVarObject", [new StructField("ob_size", 4, 4, StructFieldKind.Signed), new StructField("next", 12, 8, StructFieldKind.Pointer, "PyVarObject")]);
        Operators.NumberOf(ExpressionReader.Evaluate("((PyVarObject*) $rdi)->ob_size", _scope)).ShouldBe(2);
        Operators.NumberOf(ExpressionReader.Evaluate("(*(struct PyVarObject*) $rdi).ob_size", _scope)).ShouldBe(2);
        ExpressionReader.Evaluate("((PyVarObject*) $rdi)->next", _scope).Bits.ShouldBe(0x1000ul);
        Operators.NumberOf(ExpressionReader.Evaluate("((PyVarObject*) $rdi)->next->ob_size", _scope)).ShouldBe(2);
        Operators.NumberOf(ExpressionReader.Evaluate("&((PyVarObject*) $rdi)->ob_size", _scope)).ShouldBe(0x1004);
        Should.Throw<UserError>(() => ExpressionReader.Evaluate("((PyVarObject*) $rdi)->nothing", _scope)).Hint!.ShouldContain("ob_size");
    }

    [Theory]
    [InlineData("")]
    [InlineData("1 +")]
    [InlineData("(1")]
    [InlineData("1 2")]
    [InlineData("*5.5")]
    [InlineData("nowhere")]
    [InlineData("1 / 0")]
    [InlineData("*(int*) 0")]
    [InlineData("read(1")]
    [InlineData("read(1,)")]
    [InlineData("read(,1)")]
    [InlineData("(int (*)(int read)(1)")]
    [InlineData("environ + 1")]
    [InlineData("*(void*) $rdi")]
    [InlineData("((int*) $rdi)->x")]
    [InlineData("$99")]
    [InlineData("0xfffffffffffffffff")]
    [InlineData("\"open")]
    [InlineData("(NoSuchType*) 1")]
    [InlineData("&5")]
    public void What_is_none_says_why(string text) => Should.Throw<UserError>(() => ExpressionReader.Evaluate(text, _scope)).Message.ShouldNotBeEmpty();

    [Theory]
    [InlineData("read()", "read", 0)]
    [InlineData("read(1, 2 + 3, \"text\")", "read", 3)]
    [InlineData("(int) read((long) 1) + 1", "read", 1)]
    [InlineData("((double (*)(double, int)) read)(1.5, 2)", "double ()", 2)]
    [InlineData("((void *(*)(void)) 4096)()", "void * ()", 0)]
    public void Calls_have_their_function_and_their_arguments(string text, string function, int count)
    {
        Operators.NumberOf(ExpressionReader.Evaluate(text, _scope)).ShouldBeOneOf(42, 43);
        (DataValue called, IReadOnlyList<DataValue> arguments) = _scope.Called.ShouldHaveSingleItem();
        (called.Type.Of?.Name ?? called.Symbol).ShouldBe(function);
        arguments.Count.ShouldBe(count);
    }

    [Fact]
    public void Brackets_nest_only_so_deep()
    {
        string deep = new string('(', 100_000) + "1" + new string(')', 100_000);
        Should.Throw<UserError>(() => ExpressionReader.Evaluate(deep, _scope));
        Should.Throw<UserError>(() => ExpressionReader.Evaluate(new string('-', 100_000) + "1", _scope));
        Should.Throw<UserError>(() => ExpressionReader.Evaluate(string.Concat(Enumerable.Repeat("$a = ", 100_000)) + "1", _scope));
    }

    [Fact]
    public void Values_that_were_printed_are_named_by_number()
    {
        _scope.Store.Add(DataValue.Integer(10));
        _scope.Store.Add(DataValue.Integer(20));
        _scope.Store.Add(DataValue.Integer(30));
        Operators.NumberOf(ExpressionReader.Evaluate("$", _scope)).ShouldBe(30);
        Operators.NumberOf(ExpressionReader.Evaluate("$$", _scope)).ShouldBe(20);
        Operators.NumberOf(ExpressionReader.Evaluate("$1 + $$2", _scope)).ShouldBe(20);
    }

    [Fact]
    public void Variables_are_set_and_read()
    {
        ExpressionReader.Evaluate("$x = 4 + 1", _scope);
        Operators.NumberOf(ExpressionReader.Evaluate("$x * 2", _scope)).ShouldBe(10);
        ExpressionReader.Evaluate("$unset", _scope).Type.Kind.ShouldBe(DataKind.Void);
    }

    [Fact]
    public void An_assignment_to_memory_names_its_place()
    {
        ExpressionReader.Evaluate("*(int*) $rdi = 7", _scope);
        _scope.Assigned.ShouldHaveSingleItem().Place.Place.ShouldBe(new Address(Data));
        _scope.Assigned[0].Place.Type.Size.ShouldBe(4);
    }
}

internal static class LetExtension
{
    public static TResult Let<T, TResult>(this T value, Func<T, TResult> use) => use(value);
}
