using Kaa.Formats;
using Kaa.Python.Evaluation;
using Kaa.Python.Objects;
using Kaa.Python.Objects.Printing;
using Kaa.Results;
using Kaa.Tests.Unit.Python.Objects;

namespace Kaa.Tests.Unit.Python.Evaluation;

using PyWorld = Kaa.Tests.Unit.Python.Objects.PyWorld;

/// <summary>Expressions on objects in hand-made memory, in every version's layout.</summary>
public sealed class EvaluatorTests
{
    [Theory]
    [MemberData(nameof(Layouts.Every), MemberType = typeof(Layouts))]
    public void Items_slices_and_lengths_are_those_of_Python(string version)
    {
        var world = new World(version);
        world.Names["a"] = world.Of.List(world.Of.Int(10), world.Of.Int(11), world.Of.Int(12), world.Of.Int(13));
        world.Names["t"] = world.Of.Tuple(world.Of.Int(1));
        world.Names["i"] = world.Of.Int(2);
        world.Names["d"] = world.Of.Dict((world.Of.Str("k"), world.Of.Int(7)), (world.Of.Int(-3), world.Names["a"]));
        world.Print("a[0]").ShouldBe("10");
        world.Print("a[-1]").ShouldBe("13");
        world.Print("a[i]").ShouldBe("12");
        world.Print("a[1:3]").ShouldBe("[11, 12]");
        world.Print("a[::-2]").ShouldBe("[13, 11]");
        world.Print("a[-100:2]").ShouldBe("[10, 11]");
        world.Print("a[3:1]").ShouldBe("[]");
        world.Print("a[1:][0]").ShouldBe("11");
        world.Print("t[:]").ShouldBe("(1,)");
        world.Print("len(a)").ShouldBe("4");
        world.Print("len(a[1:])").ShouldBe("3");
        world.Print("d['k']").ShouldBe("7");
        world.Print("d[-3][1]").ShouldBe("11");
        world.Print("len(d)").ShouldBe("2");
        world.Refuse("a[4]").ShouldBe("no-item");
        world.Refuse("d['missing']").ShouldBe("no-item");
        world.Refuse("d[3]").ShouldBe("no-item");
        world.Refuse("i[0]").ShouldBe("no-container");
        world.Refuse("len(i)").ShouldBe("no-container");
        world.Refuse("a[::0]").ShouldBe("no-item");
    }

    [Theory]
    [MemberData(nameof(Layouts.Every), MemberType = typeof(Layouts))]
    public void Texts_and_bytes_have_parts(string version)
    {
        var world = new World(version);
        world.Names["s"] = world.Of.Str("hello");
        world.Names["b"] = world.Of.Bytes(104, 105, 255);
        world.Print("s[1]").ShouldBe("'e'");
        world.Print("s[1:-1]").ShouldBe("'ell'");
        world.Print("s[4:1]").ShouldBe("''");
        world.Print("len(s)").ShouldBe("5");
        world.Print("b[1:]").ShouldBe(world.Of.IsPython2 ? @"'i\xff'" : @"b'i\xff'");
        world.Print("b[2]").ShouldBe(world.Of.IsPython2 ? @"'\xff'" : "255");
        world.Refuse("s[5]").ShouldBe("no-item");
        world.Refuse("s[::2]").ShouldBe("no-item");
    }

    [Theory]
    [MemberData(nameof(Layouts.Every), MemberType = typeof(Layouts))]
    public void Attributes_are_the_instances_own_then_the_classes(string version)
    {
        var world = new World(version);
        Address parent = world.Class("Parent", world.Of.Object, ("shared", world.Of.Int(1)), ("inherited", world.Of.Int(2)));
        Address type = world.Class("Child", parent, ("shared", world.Of.Int(3)));
        world.Names["x"] = world.Of.InstanceOf(type, world.Of.Dict((world.Of.Str("own"), world.Of.Str("mine"))).Value);
        world.Names["C"] = type;
        world.Print("x.own").ShouldBe("'mine'");
        world.Print("x.own[0]").ShouldBe("'m'");
        world.Print("x.shared").ShouldBe("3");
        world.Print("x.inherited").ShouldBe("2");
        world.Print("C.inherited").ShouldBe("2");
        world.Evaluate("x.__class__").ShouldBe(new ObjectValue(type));
        world.Evaluate("type(x)").ShouldBe(new ObjectValue(type));
        world.Refuse("x.missing").ShouldBe("no-attribute");
        world.Refuse("missing").ShouldBe("no-name");
    }

    [Theory]
    [MemberData(nameof(Layouts.Every), MemberType = typeof(Layouts))]
    public void What_would_run_code_is_refused(string version)
    {
        var world = new World(version);
        Address function = world.Of.Instance("function");
        Address type = world.Class(
            "Computed", world.Of.Object, ("value", world.Of.Instance("property", function.Value)), ("method", function),
            ("helper", world.Of.Instance("staticmethod", function.Value)));
        Address list = world.Class("Doubling", world.Of.Type("list"), ("__getitem__", function), ("__len__", function));
        Address dynamic = world.Class("Dynamic", world.Of.Object, ("__getattr__", function));
        world.Names["x"] = world.Of.InstanceOf(type, world.Of.Dict((world.Of.Str("value"), world.Of.Int(1))).Value);
        world.Names["l"] = world.Of.InstanceOf(list, 0, 0, 0, 0);
        world.Names["y"] = world.Of.InstanceOf(dynamic, world.Of.Dict((world.Of.Str("own"), world.Of.Int(1))).Value);
        world.Refuse("x.value").ShouldBe("would-run-code");
        world.Evaluate("x.method").ShouldBe(new ObjectValue(function));
        world.Evaluate("x.helper").ShouldBe(new ObjectValue(function));
        world.Refuse("l[0]").ShouldBe("would-run-code");
        world.Refuse("len(l)").ShouldBe("would-run-code");
        world.Print("y.own").ShouldBe("1");
        world.Refuse("y.other").ShouldBe("would-run-code");
    }

    [Theory]
    [MemberData(nameof(Layouts.Every), MemberType = typeof(Layouts))]
    public void An_object_is_found_by_its_address_or_in_a_register(string version)
    {
        var world = new World(version);
        Address text = world.Of.Str("by address");
        world.Registers["rdi"] = text.Value;
        world.Registers["rsi"] = 12;
        world.Print($"*{text}").ShouldBe("'by address'");
        world.Print($"*{text}[3:]").ShouldBe("'address'");
        world.Print("$rdi").ShouldBe("'by address'");
        world.Print("*$rdi").ShouldBe("'by address'");
        world.Refuse("*0x10").ShouldBe("no-object");
        world.Refuse("$rsi").ShouldBe("no-object");
        world.Refuse("$rax").ShouldBe("no-register");
        world.Refuse($"*{text + 1}").ShouldBe("no-object");
    }

    [Theory]
    [InlineData("")]
    [InlineData("a.")]
    [InlineData("a[")]
    [InlineData("a[1")]
    [InlineData("a[1:2:3:4]")]
    [InlineData("a b")]
    [InlineData("f(1)")]
    [InlineData("'open")]
    [InlineData("0x")]
    [InlineData("12ab")]
    [InlineData("a + b")]
    [InlineData("-a")]
    [InlineData("*")]
    [InlineData("len(a")]
    public void What_is_no_expression_is_said_to_be_none(string text) =>
        Should.Throw<UserError>(() => ExpressionParser.Parse(text)).Code.ShouldBe("expression");

    [Fact]
    public void Brackets_without_end_are_refused_before_they_fill_the_stack()
    {
        Should.Throw<UserError>(() => ExpressionParser.Parse(new string('(', 100_000))).Code.ShouldBe("expression");
        Should.Throw<UserError>(() => ExpressionParser.Parse("a" + string.Concat(Enumerable.Repeat("[a", 100_000)))).Code.ShouldBe("expression");
    }

    /// <summary>Objects with names.</summary>
    private sealed class World(string version) : IPyScope
    {
        public PyWorld Of { get; } = new(version);

        public Dictionary<string, Address> Names { get; } = [];

        public Dictionary<string, ulong> Registers { get; } = [];

        public (Address Object, NameOrigin Origin)? Find(string name) =>
            Names.TryGetValue(name, out Address value) ? (value, NameOrigin.Local) : null;

        public ulong? Register(string name) => Registers.TryGetValue(name, out ulong value) ? value : null;

        public Address Class(string name, Address parent, params (string Name, Address Value)[] attributes)
        {
            TypeFlags kind = parent == Of.Type("list") ? TypeFlags.ListSubclass : TypeFlags.None;
            Address type = Of.Class(name, new TypeSpec { Base = parent, Flags = kind, BasicSize = Of.Head + 8, DictOffset = kind == 0 ? Of.Head : 0 });
            Of.Memory.Set(type, Of.Layout.PyTypeObject.tp_dict, Of.Dict([.. attributes.Select(one => (Of.Str(one.Name), one.Value))]));
            return type;
        }

        public PyValue Evaluate(string text) => new PyEvaluator(Of.Objects, this).Evaluate(ExpressionParser.Parse(text));

        public string? Print(string text) => new PyEvaluator(Of.Objects, this).Print(Evaluate(text), ValueOptions.Default).Text;

        public string Refuse(string text) => Should.Throw<UserError>(() => Evaluate(text)).Code;
    }
}
