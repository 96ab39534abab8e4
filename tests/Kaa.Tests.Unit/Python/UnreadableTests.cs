using Kaa.Formats;
using Kaa.Python.Layout;
using Kaa.Python.Objects;
using Kaa.Python.Waits;

namespace Kaa.Tests.Unit.Python;

/// <summary>Objects of which something is not there: names that a core leaves to a file that is gone, lengths that lie.</summary>
public sealed class UnreadableTests
{
    private const ulong Nowhere = 0xdead_0000;

    [Theory]
    [InlineData(TypeFlags.LongSubclass, "int")]
    [InlineData(TypeFlags.ListSubclass, "list")]
    [InlineData(TypeFlags.TupleSubclass, "tuple")]
    [InlineData(TypeFlags.BytesSubclass, "bytes")]
    [InlineData(TypeFlags.UnicodeSubclass, "str")]
    [InlineData(TypeFlags.DictSubclass, "dict")]
    [InlineData(TypeFlags.TypeSubclass, "type")]
    [InlineData(TypeFlags.IntSubclass | TypeFlags.TypeSubclass, "type")] // 3.12: the bit means something else
    [InlineData(TypeFlags.None, PyType.Nameless)]
    [InlineData(TypeFlags.BaseExceptionSubclass, PyType.Nameless)]
    [InlineData(TypeFlags.LongSubclass | TypeFlags.HeapType, PyType.Nameless)]
    public void A_type_of_C_code_without_its_name_is_known_by_its_mark(TypeFlags flags, string name)
    {
        var world = new PyWorld(3, 12);
        world.Objects().Type(Nameless(world, flags, Nameless(world, 0, Address.Null))).Name.ShouldBe(name);
    }

    [Fact]
    public void What_derives_from_a_marked_type_is_another_one()
    {
        var world = new PyWorld(3, 12);
        Address root = Nameless(world, 0, Address.Null);
        PyObjects objects = world.Objects();
        objects.Type(root).Name.ShouldBe("object");
        Address number = Nameless(world, TypeFlags.LongSubclass, root);
        objects.Type(Nameless(world, TypeFlags.LongSubclass, number)).Name.ShouldBe("bool");
        objects.Type(Nameless(world, TypeFlags.DictSubclass, Nameless(world, TypeFlags.DictSubclass, root))).Name.ShouldBe(PyType.Nameless);
    }

    /// <summary>Found by fuzzing: 64 MiB of ours for each exception table whose length was damaged.</summary>
    [Fact]
    public void A_length_that_lies_takes_no_memory_of_ours()
    {
        var world = new PyWorld(3, 12);
        Address bytes = world.Bytes([1, 2, 3]);
        world.Put(bytes + world.ObjectLayout.ob_size, (ulong)Limits.CodeTable);
        PyObjects objects = world.Objects();
        long before = GC.GetAllocatedBytesForCurrentThread();
        Should.Throw<TargetFault>(() => objects.ReadBytes(bytes, Limits.CodeTable));
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(4 << 20); // there is one MiB of memory
        ExceptionTable.MostBytes(1_000).ShouldBe(10_000);
        ExceptionTable.MostBytes(int.MaxValue).ShouldBe(Limits.CodeTable);
    }

    private static Address Nameless(PyWorld world, TypeFlags flags, Address parent)
    {
        PyTypeFields fields = world.ObjectLayout.PyTypeObject;
        Address type = world.Type("x", flags);
        world.Put(type + fields.tp_name, Nowhere);
        world.Put(type + fields.tp_base, parent);
        return type;
    }
}
