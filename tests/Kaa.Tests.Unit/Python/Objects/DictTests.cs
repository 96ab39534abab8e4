using Kaa.Formats;
using Kaa.Python.Layout;
using Kaa.Python.Objects;

namespace Kaa.Tests.Unit.Python.Objects;

public sealed class DictTests
{
    public static TheoryData<string> SharedKeys => [.. Array.FindAll(Layouts.All, static name => name[0] == '3')];

    [Theory]
    [MemberData(nameof(Layouts.Every), MemberType = typeof(Layouts))]
    public void Entries_come_in_order_without_the_deleted_ones(string version)
    {
        var world = new PyWorld(version);
        Address dict = world.Dict((world.Str("z"), world.Int(1)), (world.Str("gone"), Address.Null), (world.Int(2), world.Int(2)));
        world.Objects.DictCount(dict).ShouldBe(2);
        world.Print(dict).Text.ShouldBe("{'z': 1, 2: 2}");
    }

    [Fact]
    public void An_entry_that_came_after_the_count_was_read_hides_no_other_one()
    {
        var world = new PyWorld("2.7");
        Address dict = world.Dict((world.Str("new"), world.Int(1)), (world.Str("old"), world.Int(2)));
        world.Memory.Set(dict, world.Layout.PyDictObject.ma_used, 1);
        world.Print(dict).Text.ShouldBe("{'new': 1, 'old': 2}");
    }

    [Theory]
    [InlineData("3.11")]
    [InlineData("3.15t")]
    public void A_table_of_text_keys_has_no_hashes(string version)
    {
        var world = new PyWorld(version);
        Address dict = world.Dict((world.Str("a"), world.Int(1)));
        Address keys = DictWorld.Keys(world, [(world.Str("b"), world.Int(2))], general: false);
        world.Memory.Set(dict, world.Layout.PyDictObject.ma_keys, keys);
        world.Print(dict).Text.ShouldBe("{'b': 2}");
    }

    [Theory]
    [MemberData(nameof(SharedKeys))]
    public void A_split_dict_has_the_values_that_are_set_in_the_order_in_which_they_were_set(string version)
    {
        var world = new PyWorld(version);
        Address keys = DictWorld.Names(world, "a", "b", "c");
        Address dict = DictWorld.Split(world, keys, [world.Int(1), null, world.Int(3)], 2, 0);
        bool ordered = world.Layout.DictValuesForm != DictValuesForm.KeyOrder;
        world.Print(dict).Text.ShouldBe(ordered ? "{'c': 3, 'a': 1}" : "{'a': 1, 'c': 3}");
    }

    [Theory]
    [MemberData(nameof(Layouts.Every), MemberType = typeof(Layouts))]
    public void A_value_is_found_under_its_text(string version)
    {
        var world = new PyWorld(version);
        Address value = world.Int(2);
        Address dict = world.Dict((world.Int(1), world.Int(1)), (world.Str("name"), value));
        world.Objects.Lookup(dict, "name").ShouldBe(value);
        world.Objects.Lookup(dict, "nam").ShouldBe(Address.Null);
        world.Objects.Lookup(dict, "named").ShouldBe(Address.Null);
    }

    [Theory]
    [MemberData(nameof(Layouts.Every), MemberType = typeof(Layouts))]
    public void A_table_of_absurd_size_is_a_fault_after_little_work(string version)
    {
        var world = new PyWorld(version);
        Address dict = world.Dict((world.Str("a"), world.Int(1)));
        Spoil(world, dict);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Should.Throw<TargetFault>(() => Count(world.Objects.Dict(dict)));
        world.Print(dict).Unreadable.ShouldNotBeNull();
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(1 << 20);
    }

    [Theory]
    [MemberData(nameof(Layouts.Python3), MemberType = typeof(Layouts))]
    public void More_entries_than_the_table_has_room_for_are_a_fault(string version)
    {
        var world = new PyWorld(version);
        Address dict = world.Dict((world.Str("a"), world.Int(1)));
        Address keys = world.Objects.PointerAt(dict, world.Layout.PyDictObject.ma_keys);
        world.Memory.Set(keys, world.Layout.PyDictKeysObject.dk_nentries, 1L << 40);
        Should.Throw<TargetFault>(() => Count(world.Objects.Dict(dict)));
    }

    [Fact]
    public void A_table_of_deleted_entries_only_comes_to_an_end()
    {
        var memory = new ZeroMemory(new PyWorld("3.12"));
        var objects = new PyObjects(memory, memory.World.Layout);
        Address dict = memory.World.Dict((memory.World.Str("a"), memory.World.Int(1)));
        Address keys = memory.World.Objects.PointerAt(dict, memory.World.Layout.PyDictObject.ma_keys);
        memory.World.Memory.Set8(keys, memory.World.Layout.PyDictKeysObject.dk_log2_size, 40);
        memory.World.Memory.Set8(keys, memory.World.Layout.PyDictKeysObject.dk_log2_index_bytes, 42);
        memory.World.Memory.Set(keys, memory.World.Layout.PyDictKeysObject.dk_nentries, 1L << 39);
        Should.Throw<TargetFault>(() => Count(objects.Dict(dict))).Reason.ShouldBe(FaultReason.Nonsense);
        memory.Reads.ShouldBeLessThan((Limits.DictEntries / 100) + 100);
    }

    [Theory]
    [InlineData("3.12")]
    [InlineData("3.13")]
    public void An_order_that_points_beyond_the_keys_is_a_fault(string version)
    {
        var world = new PyWorld(version);
        Address dict = DictWorld.Split(world, DictWorld.Names(world, "a"), [world.Int(1)], 29);
        world.Memory.Set(world.Objects.PointerAt(dict, world.Layout.PyDictObject.ma_values), 8 + (29 * 8), world.Int(1));
        world.Memory.Set(world.Objects.PointerAt(dict, world.Layout.PyDictObject.ma_values), 29 * 8, world.Int(1));
        Should.Throw<TargetFault>(() => Count(world.Objects.Dict(dict)));
    }

    [Theory]
    [MemberData(nameof(Layouts.Every), MemberType = typeof(Layouts))]
    public void What_is_no_dict_is_a_fault(string version)
    {
        var world = new PyWorld(version);
        Should.Throw<TargetFault>(() => Count(world.Objects.Dict(world.List())));
    }

    private static void Spoil(PyWorld world, Address dict)
    {
        if (world.IsPython2)
        {
            world.Memory.Set(dict, world.Layout.PyDictObject.ma_mask, (1L << 62) - 1);
            return;
        }

        PyDictKeysFields f = world.Layout.PyDictKeysObject;
        Address keys = world.Objects.PointerAt(dict, world.Layout.PyDictObject.ma_keys);
        if (f.dk_size != ObjectLayout.Absent)
            world.Memory.Set(keys, f.dk_size, 1L << 62);
        else
            world.Memory.Set8(keys, f.dk_log2_size, 200);
    }

    private static int Count(IEnumerable<DictEntry> entries)
    {
        int count = 0;
        foreach (DictEntry _ in entries)
            count++;
        return count;
    }

    /// <summary>Zeros wherever the world itself has nothing.</summary>
    private sealed class ZeroMemory(PyWorld world) : IMemory
    {
        public PyWorld World { get; } = world;

        public int Reads { get; private set; }

        public int Read(Address address, Span<byte> buffer)
        {
            Reads++;
            int known = World.Memory.Read(address, buffer);
            buffer[known..].Clear();
            return buffer.Length;
        }
    }
}
