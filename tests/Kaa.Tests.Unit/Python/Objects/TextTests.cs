using Kaa.Formats;
using Kaa.Python.Layout;
using Kaa.Python.Objects;

namespace Kaa.Tests.Unit.Python.Objects;

public sealed class TextTests
{
    public static TheoryData<string, string> Texts()
    {
        var data = new TheoryData<string, string>();
        foreach (string version in Layouts.All)
        {
            if (version[0] == '2')
                continue;
            foreach (string text in new[] { "", "ascii", "caf\u00e9", "\u20ac uro", "\U0001f600 x", "a\ud800b" })
                data.Add(version, text);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Texts))]
    public void Compact_text_of_every_width_is_read(string version, string text)
    {
        var world = new PyWorld(version);
        world.Objects.ReadString(world.Str(text), 100).ShouldBe(text);
    }

    [Theory]
    [MemberData(nameof(Layouts.Python3), MemberType = typeof(Layouts))]
    public void Text_whose_characters_lie_elsewhere_is_read(string version)
    {
        var world = new PyWorld(version);
        foreach (int unit in new[] { 1, 2, 4 })
            world.Objects.ReadString(TextWorld.Legacy(world, "caf\u00e9", unit), 100).ShouldBe("caf\u00e9");
    }

    [Theory]
    [InlineData("3.6")]
    [InlineData("3.11")]
    public void Text_that_is_not_ready_is_read_from_its_wide_characters(string version)
    {
        var world = new PyWorld(version);
        world.Objects.ReadString(TextWorld.NotReady(world, "caf\u00e9 \U0001f600"), 100).ShouldBe("caf\u00e9 \U0001f600");
    }

    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    public void Python_2_text_is_read_at_either_width(int width)
    {
        ObjectLayout layout = Layouts.Of("2.7");
        var world = new PyWorld(layout with { PyUnicodeObject = layout.PyUnicodeObject with { Py_UNICODE_SIZE = width } });
        world.Objects.ReadString(TextWorld.Unicode2(world, "\u20ac \U0001f600"), 100).ShouldBe("\u20ac \U0001f600");
    }

    [Fact]
    public void Python_2_bytes_are_read_as_UTF_8_and_where_they_are_none_as_Latin_1()
    {
        var world = new PyWorld("2.7");
        world.Objects.ReadString(world.Bytes([0x63, 0xc3, 0xa9]), 100).ShouldBe("c\u00e9");
        world.Objects.ReadString(world.Bytes([0x63, 0xe9]), 100).ShouldBe("c\u00e9");
    }

    [Theory]
    [MemberData(nameof(Layouts.Every), MemberType = typeof(Layouts))]
    public void Text_is_cut_at_the_limit(string version)
    {
        var world = new PyWorld(version);
        world.Objects.ReadString(world.Str(new string('x', 50_000)), 7).ShouldBe("xxxxxxx");
    }

    [Theory]
    [MemberData(nameof(Layouts.Every), MemberType = typeof(Layouts))]
    public void A_long_text_is_read_in_pieces(string version)
    {
        var world = new PyWorld(version);
        world.Objects.ReadString(world.Str(new string('x', 50_000)), 100_000).Length.ShouldBe(50_000);
    }

    [Theory]
    [MemberData(nameof(Layouts.Every), MemberType = typeof(Layouts))]
    public void A_text_of_2_to_the_62_characters_is_a_fault_after_little_work(string version)
    {
        var world = new PyWorld(version);
        Address text = world.Str("short");
        int length = world.IsPython2 ? world.Layout.ob_size : world.Layout.PyUnicodeObject.length;
        world.Memory.Set(text, length, 1L << 62);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Should.Throw<TargetFault>(() => world.Objects.ReadString(text, int.MaxValue));
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(8 << 20);
    }

    [Theory]
    [MemberData(nameof(Layouts.Every), MemberType = typeof(Layouts))]
    public void What_is_no_text_is_a_fault(string version)
    {
        var world = new PyWorld(version);
        Should.Throw<TargetFault>(() => world.Objects.ReadString(world.Int(5), 100)).Reason.ShouldBe(FaultReason.Nonsense);
        world.Objects.TryReadString(world.Int(5), 100).ShouldBeNull();
        world.Objects.TryReadString(Address.Null, 100).ShouldBeNull();
        world.Objects.TryReadString(new Address(0xdead_0000), 100).ShouldBeNull();
    }
}
