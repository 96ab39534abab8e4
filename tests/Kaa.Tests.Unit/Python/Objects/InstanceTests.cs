using Kaa.Formats;
using Kaa.Python.Layout;
using Kaa.Python.Objects;
using Kaa.Python.Objects.Printing;

namespace Kaa.Tests.Unit.Python.Objects;

public sealed class InstanceTests
{
    [Theory]
    [MemberData(nameof(Layouts.Every), MemberType = typeof(Layouts))]
    public void Attributes_are_found_at_the_types_dict_offset(string version)
    {
        var world = new PyWorld(version);
        Address type = world.Class("Plain", new TypeSpec { BasicSize = world.Head + 8, DictOffset = world.Head });
        Address instance = world.InstanceOf(type, world.Dict((world.Str("a"), world.Int(1))).Value);
        world.Print(instance).Text.ShouldBe($"<Plain at {instance}: a=1>");
        world.Print(instance).Type.ShouldBe("Plain");
    }

    [Theory]
    [MemberData(nameof(Layouts.Every), MemberType = typeof(Layouts))]
    public void A_negative_dict_offset_counts_from_the_end_of_the_object(string version)
    {
        var world = new PyWorld(version);
        Address type = world.Class("MyTuple", new TypeSpec
        {
            Base = world.Type("tuple"),
            Flags = TypeFlags.TupleSubclass,
            BasicSize = world.Layout.tuple_ob_item + 8,
            ItemSize = 8,
            DictOffset = -8,
        });
        Address tuple = world.TupleOf(type, world.Int(1), world.Int(2), world.Int(3), Address.Null);

        // Behind three items; the size is the basic size, which has room for one word, and as many more as there are items.
        world.Memory.Set(tuple, world.Layout.tuple_ob_item + 24, world.Dict((world.Str("a"), world.Int(1))));
        world.Memory.Set(tuple, world.Layout.ob_size, 3L);
        world.Print(tuple).Text.ShouldBe($"<MyTuple at {tuple}: (1, 2, 3), a=1>");
    }

    [Fact]
    public void In_3_11_values_and_dict_lie_in_two_words_in_front()
    {
        var world = new PyWorld("3.11");
        Address type = Managed(world, out Address values);
        Address instance = world.InstanceOf(type);
        world.Memory.Set(instance - 32, 0, values);
        Names(world, instance).ShouldBe(["b", "a"]);
        world.Memory.Set(instance - 32, 0, 0L).Set(instance - 24, 0, world.Dict((world.Str("c"), world.Int(1))));
        Names(world, instance).ShouldBe(["c"]);
        world.Memory.Set(instance - 24, 0, 0L);
        Names(world, instance).ShouldBeEmpty();
    }

    [Fact]
    public void In_3_12_one_tagged_word_in_front_is_either()
    {
        var world = new PyWorld("3.12");
        Address type = Managed(world, out Address values);
        Address instance = world.InstanceOf(type);
        world.Memory.Set(instance - 24, 0, values - 1);
        Names(world, instance).ShouldBe(["b", "a"]);
        world.Memory.Set(instance - 24, 0, world.Dict((world.Str("c"), world.Int(1))));
        Names(world, instance).ShouldBe(["c"]);
    }

    [Theory]
    [InlineData("3.13", -24)]
    [InlineData("3.13t", -8)]
    [InlineData("3.14", -24)]
    [InlineData("3.15t", -8)]
    public void From_3_13_on_values_lie_behind_the_object_until_a_dict_takes_them_over(string version, int word)
    {
        var world = new PyWorld(version);
        Address type = Managed(world, out _, TypeFlags.InlineValues);
        Address instance = world.InstanceOf(type, new ulong[8]);
        DictWorld.WriteValues(world, instance + world.Head, [world.Int(1), world.Int(2), null], [1, 0]);
        Names(world, instance).ShouldBe(["b", "a"]);
        world.Memory.Set8(instance, world.Head + 3, 0);
        Names(world, instance).ShouldBeEmpty();
        world.Memory.Set(instance + word, 0, world.Dict((world.Str("c"), world.Int(1))));
        Names(world, instance).ShouldBe(["c"]);
    }

    [Theory]
    [MemberData(nameof(Layouts.Every), MemberType = typeof(Layouts))]
    public void Slots_are_read_where_the_types_members_say_the_most_basic_class_first(string version)
    {
        var world = new PyWorld(version);
        Address first = world.Class("First", new TypeSpec { BasicSize = world.Head + 8, Slots = [("p", world.Head)] });
        Address second = world.Class("Second", new TypeSpec
        {
            Base = first, BasicSize = world.Head + 24, Slots = [("q", world.Head + 8), ("unset", world.Head + 16)],
        });
        Address instance = world.InstanceOf(second, world.Int(1).Value, world.Str("x").Value, 0);
        world.Print(instance).Text.ShouldBe($"<Second at {instance}: p=1, q='x'>");
        world.Objects.Attribute(instance, "q").ShouldNotBe(Address.Null);
        world.Objects.Attribute(instance, "none").ShouldBe(Address.Null);
    }

    [Theory]
    [MemberData(nameof(Layouts.Every), MemberType = typeof(Layouts))]
    public void A_slot_that_lies_outside_of_the_object_is_no_slot(string version)
    {
        var world = new PyWorld(version);
        Address type = world.Class("Odd", new TypeSpec { BasicSize = world.Head + 8, Slots = [("far", 1 << 30), ("before", -8)] });
        Address instance = world.InstanceOf(type);
        world.Print(instance).Text.ShouldBe($"<Odd at {instance}>");
    }

    [Theory]
    [MemberData(nameof(Layouts.Every), MemberType = typeof(Layouts))]
    public void The_type_of_a_class_is_named_with_its_module_unless_that_is_main(string version)
    {
        var world = new PyWorld(version);
        Address instance = world.InstanceOf(world.Class("Inner", new TypeSpec { Module = "pkg.mod", QualifiedName = "Outer.Inner" }));
        world.Print(instance).Type.ShouldBe(world.IsPython2 ? "pkg.mod.Inner" : "pkg.mod.Outer.Inner");
        world.Print(world.Instance("some.lib.Thing")).Type.ShouldBe("some.lib.Thing");
        world.Print(world.Int(5)).Type.ShouldBe("int");
    }

    [Theory]
    [MemberData(nameof(Layouts.Every), MemberType = typeof(Layouts))]
    public void An_instance_is_of_its_types_bases_too(string version)
    {
        var world = new PyWorld(version);
        Address instance = world.InstanceOf(world.Class("Child", new TypeSpec { Base = world.Type("lib.Base") }));
        world.Objects.IsInstance(instance, "Child").ShouldBeTrue();
        world.Objects.IsInstance(instance, "lib.Base").ShouldBeTrue();
        world.Objects.IsInstance(instance, "object").ShouldBeTrue();
        world.Objects.IsInstance(instance, "Other").ShouldBeFalse();
    }

    [Theory]
    [MemberData(nameof(Layouts.Every), MemberType = typeof(Layouts))]
    public void A_pointer_to_something_else_is_no_type(string version)
    {
        var world = new PyWorld(version);
        Address[] places = [Address.Null, new Address(0x41414141), world.Int(5), world.Str("text"), world.Memory.Allocate(1024)];
        foreach (Address nonsense in places)
        {
            Address instance = world.InstanceOf(world.Type("thing"));
            world.Memory.Set(instance, world.Layout.PyObject.ob_type, nonsense);
            Should.Throw<TargetFault>(() => world.Objects.TypeOf(instance));
            world.Objects.Is(instance, TypeFlags.LongSubclass).ShouldBeFalse();
            PrintedValue printed = world.Print(instance);
            printed.Unreadable.ShouldNotBeNull();
            printed.ShouldBe(new PrintedValue(null, null, null, printed.Unreadable));
        }
    }

    [Theory]
    [MemberData(nameof(Layouts.Every), MemberType = typeof(Layouts))]
    public void Bases_that_run_in_a_circle_come_to_an_end(string version)
    {
        var world = new PyWorld(version);
        Address type = world.Class("Circle");
        world.Memory.Set(type, world.Layout.PyTypeObject.tp_base, type);
        Address instance = world.InstanceOf(type);
        world.Print(instance).Text.ShouldBe($"<Circle at {instance}>");
    }

    private static Address Managed(PyWorld world, out Address values, TypeFlags more = TypeFlags.None)
    {
        Address keys = DictWorld.Names(world, "a", "b", "c");
        values = DictWorld.Values(world, [world.Int(1), world.Int(2), null], 1, 0);
        return world.Class("Plain", new TypeSpec { Flags = TypeFlags.ManagedDict | more, BasicSize = world.Head, CachedKeys = keys });
    }

    private static List<string> Names(PyWorld world, Address instance)
    {
        List<string> names = [];
        foreach (DictEntry entry in world.Objects.InstanceDict(instance))
            names.Add(world.Objects.ReadString(entry.Key, 100));
        return names;
    }
}
