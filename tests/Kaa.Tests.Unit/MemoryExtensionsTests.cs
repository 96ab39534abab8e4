using System.Text;
using Kaa.Formats;

namespace Kaa.Tests.Unit;

public sealed class MemoryExtensionsTests
{
    [Fact]
    public void A_value_across_two_adjacent_segments_is_read_whole()
    {
        FakeMemory memory = new FakeMemory().Add(0x1000, 1, 2).Add(0x1002, 3, 4);
        memory.Read<uint>(new Address(0x1000)).ShouldBe(0x04030201u);
    }

    [Fact]
    public void A_hole_is_a_fault_that_names_the_address()
    {
        FakeMemory memory = new FakeMemory().Add(0x1000, 1, 2);
        TargetFault fault = Should.Throw<TargetFault>(() => memory.Read<uint>(new Address(0x1000)));
        fault.Reason.ShouldBe(FaultReason.Unmapped);
        fault.Address.ShouldBe(new Address(0x1000));
    }

    [Fact]
    public void A_C_string_in_front_of_a_hole_is_read_up_to_its_end()
    {
        FakeMemory memory = new FakeMemory().Add(0x10fe, [.. Encoding.ASCII.GetBytes("hello"), 0]);
        memory.ReadCString(new Address(0x10fe), 100).ShouldBe("hello");
    }

    [Fact]
    public void A_C_string_is_cut_at_the_limit()
    {
        FakeMemory memory = new FakeMemory().Add(0x1000, Encoding.ASCII.GetBytes("hello world"));
        memory.ReadCString(new Address(0x1000), 5).ShouldBe("hello");
    }
}
