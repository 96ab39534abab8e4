using System.Text.RegularExpressions;
using Kaa.Formats;
using Kaa.Python.Layout;
using Kaa.Python.Objects;
using Kaa.Python.Objects.Printing;

namespace Kaa.Tests.Unit.Python.Objects;

public sealed class PrinterTests
{
    [Theory]
    [MemberData(nameof(Layouts.Every), MemberType = typeof(Layouts))]
    public void Every_kind_prints_as_repr_prints_it(string version)
    {
        var world = new PyWorld(version);
        foreach ((string kind, Address value, string text) in Zoo.Of(world))
        {
            PrintedValue printed = world.Print(value);
            printed.Text.ShouldBe(text, kind);
            printed.Length.ShouldBeNull(kind);
        }
    }

    [Theory]
    [InlineData("plain", "'plain'")]
    [InlineData("it's", "\"it's\"")]
    [InlineData("say \"hi\"", "'say \"hi\"'")]
    [InlineData("both ' and \"", "'both \\' and \"'")]
    [InlineData("\\", "'\\\\'")]
    [InlineData("a\tb\nc\rd", "'a\\tb\\nc\\rd'")]
    [InlineData("\0\u001f\u007f\u0080\u00a0\u00ad", "'\\x00\\x1f\\x7f\\x80\\xa0\\xad'")]
    [InlineData("\u00e9\u20ac\u4e2d", "'\u00e9\u20ac\u4e2d'")]
    [InlineData("\u2028\u200b\ue000", "'\\u2028\\u200b\\ue000'")]
    [InlineData("\U0001f600\U000e0001\U0010ffff", "'\U0001f600\\U000e0001\\U0010ffff'")]
    public void Text_is_quoted_and_escaped_as_Python_3_does(string text, string expected)
    {
        var world = new PyWorld("3.13");
        world.Print(world.Str(text)).Text.ShouldBe(expected);
    }

    [Theory]
    [InlineData("caf\u00e9", "u'caf\\xe9'", 4)]
    [InlineData("\u20ac\U0001f600", "u'\\u20ac\\U0001f600'", 4)]
    [InlineData("\u20ac\U0001f600", "u'\\u20ac\\U0001f600'", 2)]
    public void Python_2_text_is_escaped_beyond_ASCII(string text, string expected, int width)
    {
        var layout = Layouts.Of("2.7");
        var world = new PyWorld(layout with { PyUnicodeObject = layout.PyUnicodeObject with { Py_UNICODE_SIZE = width } });
        world.Print(TextWorld.Unicode2(world, text)).Text.ShouldBe(expected);
    }

    // U+1FAE0 came with Unicode 14, U+1FADF with 16, U+1FAC8 with 17; what str.isprintable() said of each.
    [Theory]
    [InlineData("3.6", "'\\U0001fae0\\U0001fadf\\U0001fac8\u00e9'")]
    [InlineData("3.10", "'\\U0001fae0\\U0001fadf\\U0001fac8\u00e9'")]
    [InlineData("3.11", "'\U0001fae0\\U0001fadf\\U0001fac8\u00e9'")]
    [InlineData("3.14", "'\U0001fae0\U0001fadf\\U0001fac8\u00e9'")]
    [InlineData("3.15", "'\U0001fae0\U0001fadf\U0001fac8\u00e9'")]
    public void A_character_is_printable_from_the_version_on_whose_database_has_it(string version, string expected)
    {
        var world = new PyWorld(version);
        world.Print(world.Str("\U0001fae0\U0001fadf\U0001fac8\u00e9")).Text.ShouldBe(expected);
    }

    // No theory: an attribute's text can't hold a lone surrogate.
    [Fact]
    public void Lone_surrogates_are_escaped()
    {
        var world = new PyWorld("3.13");
        world.Print(world.Str("\ud800x\udfff")).Text.ShouldBe("'\\ud800x\\udfff'");
        ObjectLayout layout = Layouts.Of("2.7");
        var narrow = new PyWorld(layout with { PyUnicodeObject = layout.PyUnicodeObject with { Py_UNICODE_SIZE = 2 } });
        narrow.Print(TextWorld.Unicode2(narrow, "\udc00x\ud83d")).Text.ShouldBe("u'\\udc00x\\ud83d'");
        narrow.Print(TextWorld.Unicode2(narrow, "\ud83d\ud83d\ude00")).Text.ShouldBe("u'\\ud83d\\U0001f600'");
    }

    [Theory]
    [MemberData(nameof(Layouts.Every), MemberType = typeof(Layouts))]
    public void What_holds_itself_prints_as_repr_prints_it(string version)
    {
        var world = new PyWorld(version);
        Address list = world.List(Address.Null);
        world.Memory.Set(world.Objects.PointerAt(list, world.Layout.PyListObject.ob_item), 0, list);
        world.Print(list).Text.ShouldBe("[[...]]");

        Address inner = world.List(Address.Null);
        Address tuple = world.Tuple(inner);
        world.Memory.Set(world.Objects.PointerAt(inner, world.Layout.PyListObject.ob_item), 0, tuple);
        world.Print(tuple).Text.ShouldBe("([(...)],)");

        Address item = world.List(Address.Null);
        Address dict = world.Dict((world.Int(1), item));
        world.Memory.Set(world.Objects.PointerAt(item, world.Layout.PyListObject.ob_item), 0, dict);
        world.Print(dict).Text.ShouldBe("{1: [{...}]}");
    }

    [Theory]
    [MemberData(nameof(Layouts.Every), MemberType = typeof(Layouts))]
    public void A_long_text_is_cut_and_its_true_length_told(string version)
    {
        var world = new PyWorld(version);
        PrintedValue printed = world.Print(world.Str(new string('x', 70_000) + "'\n"), new ValueOptions { MaxValue = 10 });
        printed.Text.ShouldBe("\"xxxxxxxxx\u2026");
        printed.Length.ShouldBe(70_000 + 5);
    }

    [Theory]
    [MemberData(nameof(Layouts.Every), MemberType = typeof(Layouts))]
    public void A_cut_container_ends_early_and_tells_no_length(string version)
    {
        var world = new PyWorld(version);
        Address[] items = new Address[10_000];
        Array.Fill(items, world.Int(7));
        var counted = new CountingMemory(world.Memory);
        var printer = new ValuePrinter(new PyObjects(counted, world.Layout), new ValueOptions { MaxValue = 20 });
        PrintedValue printed = printer.Print(world.List(items), null);
        printed.Text.ShouldBe("[7, 7, 7, 7, 7, 7, 7\u2026");
        printed.Length.ShouldBeNull();
        counted.Reads.ShouldBeLessThan(200);
    }

    [Fact]
    public void A_value_that_just_fits_is_not_cut()
    {
        var world = new PyWorld("3.13");
        var options = new ValueOptions { MaxValue = 10 };
        world.Print(world.Str("12345678"), options).ShouldBe(new PrintedValue("str", "'12345678'", null, null));
        world.Print(world.Str("123456789"), options).ShouldBe(new PrintedValue("str", "'123456789\u2026", 11, null));
    }

    [Fact]
    public void Characters_beyond_16_bits_count_as_one()
    {
        var world = new PyWorld("3.13");
        PrintedValue printed = world.Print(world.Str(string.Concat(Enumerable.Repeat("\U0001f600", 9))), new ValueOptions { MaxValue = 4 });
        printed.Text.ShouldBe("'\U0001f600\U0001f600\U0001f600\u2026");
        printed.Length.ShouldBe(11);
    }

    [Fact]
    public void An_int_of_more_digits_than_repr_would_print_is_printed()
    {
        var world = new PyWorld("3.12");
        PrintedValue printed = world.Print(world.Int(System.Numerics.BigInteger.Pow(10, 6000)), new ValueOptions { MaxValue = 3 });
        printed.Text.ShouldBe("100\u2026");
        printed.Length.ShouldBe(6001);
    }

    [Fact]
    public void Names_that_are_to_be_hidden_hide_variables_attributes_and_keys()
    {
        var world = new PyWorld("3.12");
        var options = new ValueOptions { MaxValue = 1000, Redact = [new Regex("pass|^token$")] };
        world.Print(world.Str("secret"), options, "password").ShouldBe(new PrintedValue("str", "<redacted>", null, null));
        world.Print(world.Str("secret"), options, "tokens").Text.ShouldBe("'secret'");
        Address dict = world.Dict((world.Str("token"), world.Str("secret")), (world.Str("user"), world.Str("me")));
        world.Print(dict, options).Text.ShouldBe("{'token': <redacted>, 'user': 'me'}");
        Address type = world.Class("Login", new TypeSpec { BasicSize = world.Head + 8, DictOffset = world.Head });
        Address instance = world.InstanceOf(type, dict.Value);
        world.Print(instance, options).Text.ShouldBe($"<Login at {instance}: token=<redacted>, user='me'>");
    }

    [Fact]
    public void Nesting_beyond_the_limit_is_said_to_be_too_deep()
    {
        var world = new PyWorld("3.12");
        Address value = world.List();
        for (int i = 0; i < 200; i++)
            value = world.List(value);
        string text = world.Print(value).Text!;
        text.ShouldStartWith(new string('[', Limits.ValueDepth));
        text.ShouldContain("<too deep at 0x");
        text.ShouldEndWith(new string(']', Limits.ValueDepth));
    }

    [Fact]
    public void An_item_that_cant_be_read_is_said_in_its_place()
    {
        var world = new PyWorld("3.12");
        world.Print(world.List(world.Int(1), new Address(0x4141), world.Int(2))).Text.ShouldBe("[1, <unreadable at 0x4141>, 2]");
        world.Print(world.List(world.Int(1), Address.Null)).Text.ShouldBe("[1, <unreadable at 0x0>]");
    }

    [Fact]
    public void A_value_that_cant_be_read_says_why()
    {
        var world = new PyWorld("3.12");
        Address list = world.List(world.Int(1));
        world.Memory.Set(list, world.Layout.PyListObject.ob_item, 0x4141UL);
        PrintedValue printed = world.Print(list);
        printed.Type.ShouldBe("list");
        printed.Text.ShouldBeNull();
        printed.Unreadable.ShouldBe("8 bytes at 0x4141 can't be read");
    }

    [Fact]
    public void Time_that_is_up_makes_a_value_unknown_and_a_target_that_is_gone_ends_the_look()
    {
        var world = new PyWorld("3.12");
        Address value = world.Int(1);
        var up = new ValuePrinter(new PyObjects(new FaultyMemory(FaultReason.Budget), world.Layout), ValueOptions.Default);
        up.Print(value, null).ShouldBe(new PrintedValue(null, null, null, "fault"));
        var gone = new ValuePrinter(new PyObjects(new FaultyMemory(FaultReason.Gone), world.Layout), ValueOptions.Default);
        Should.Throw<TargetFault>(() => gone.Print(value, null)).Reason.ShouldBe(FaultReason.Gone);
    }

    [Theory]
    [MemberData(nameof(Layouts.Every), MemberType = typeof(Layouts))]
    public void A_subclass_of_a_builtin_shows_what_it_is_and_what_it_holds(string version)
    {
        var world = new PyWorld(version);
        Address type = world.Class("MyList", new TypeSpec
        {
            Module = "pkg",
            Base = world.Type("list"),
            Flags = TypeFlags.ListSubclass,
            BasicSize = world.Head + 32,
            DictOffset = world.Head + 24,
        });
        Address list = world.List(world.Int(1));
        world.Memory.Set(list, world.Layout.PyObject.ob_type, type).Set(list, world.Head + 24, world.Dict((world.Str("a"), list)));
        world.Print(list).Text.ShouldBe($"<pkg.MyList at {list}: [1], a=<pkg.MyList at {list}>>");
    }

    [Fact]
    public void Nodes_that_run_in_a_circle_come_to_an_end()
    {
        var world = new PyWorld("3.12");
        Address dict = Zoo.OrderedDict(world, out Address last);
        world.Memory.Set(last, 16, last);
        world.Print(dict).Unreadable!.ShouldContain("OrderedDict whose nodes don't end");
    }

    [Fact]
    public void Blocks_that_run_in_a_circle_come_to_an_end()
    {
        var world = new PyWorld("3.12");
        Address deque = Zoo.Deque(world);
        Address block = world.Objects.PointerAt(deque, world.Layout.dequeobject.leftblock);
        world.Memory.Set(block, world.Layout.dequeobject.rightlink, block).Set(deque, world.Layout.dequeobject.len, 1L << 62);
        world.Print(deque, new ValueOptions { MaxValue = 200 }).Text!.ShouldStartWith("deque([1, <unreadable at 0x0>");
    }

    private sealed class CountingMemory(IMemory inner) : IMemory
    {
        public int Reads { get; private set; }

        public int Read(Address address, Span<byte> buffer)
        {
            Reads++;
            return inner.Read(address, buffer);
        }
    }

    private sealed class FaultyMemory(FaultReason reason) : IMemory
    {
        public int Read(Address address, Span<byte> buffer) => throw new TargetFault(reason, address, "fault");
    }
}
