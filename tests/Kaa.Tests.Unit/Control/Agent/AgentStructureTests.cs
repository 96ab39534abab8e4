using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Kaa.Control.Agent;
using Kaa.Control.Memory;

namespace Kaa.Tests.Unit.Control.Agent;

/// <summary>The mirrors of agent/protocol.h against what the C compiler says of it.</summary>
public sealed class AgentStructureTests
{
    private static readonly Dictionary<string, Type> Mirrors = new()
    {
        ["kaa_python"] = typeof(AgentPython),
        ["kaa_hook"] = typeof(AgentHook),
        ["kaa_event"] = typeof(AgentEventHead),
        ["kaa_stack"] = typeof(AgentStackHead),
        ["kaa_frame"] = typeof(AgentFrame),
        ["kaa_park"] = typeof(AgentPark),
        ["kaa_trap"] = typeof(AgentTrap),
        ["kaa_state"] = typeof(AgentState),
        ["kaa_header"] = typeof(AgentHeader),
        ["kaa_image"] = typeof(AgentImageHead),
        ["kaa_allocation"] = typeof(AgentAllocation),
        ["kaa_code"] = typeof(AgentCode),
        ["kaa_node"] = typeof(AgentNode),
        ["kaa_thread"] = typeof(AgentThread),
        ["kaa_place"] = typeof(AgentPlace),
        ["kaa_own"] = typeof(AgentOwn),
        ["kaa_snapshot"] = typeof(AgentSnapshot),
        ["kaa_rule"] = typeof(AgentRule),
        ["kaa_row"] = typeof(AgentRow),
        ["kaa_module"] = typeof(AgentModule),
        ["kaa_unwind"] = typeof(AgentUnwind),
        ["kaa_native"] = typeof(AgentNative),
        ["kaa_memory"] = typeof(AgentMemoryArea),
    };

    private static readonly Dictionary<string, int> Sizes = new()
    {
        ["kaa_registers"] = Unsafe.SizeOf<AgentRegisters>(),
        ["kaa_python"] = Unsafe.SizeOf<AgentPython>(),
        ["kaa_hook"] = Unsafe.SizeOf<AgentHook>(),
        ["kaa_event"] = Unsafe.SizeOf<AgentEventHead>(),
        ["kaa_stack"] = Unsafe.SizeOf<AgentStackHead>(),
        ["kaa_frame"] = Unsafe.SizeOf<AgentFrame>(),
        ["kaa_park"] = Unsafe.SizeOf<AgentPark>(),
        ["kaa_trap"] = Unsafe.SizeOf<AgentTrap>(),
        ["kaa_state"] = Unsafe.SizeOf<AgentState>(),
        ["kaa_header"] = Unsafe.SizeOf<AgentHeader>(),
        ["kaa_image"] = Unsafe.SizeOf<AgentImageHead>(),
        ["kaa_allocation"] = Unsafe.SizeOf<AgentAllocation>(),
        ["kaa_code"] = Unsafe.SizeOf<AgentCode>(),
        ["kaa_node"] = Unsafe.SizeOf<AgentNode>(),
        ["kaa_thread"] = Unsafe.SizeOf<AgentThread>(),
        ["kaa_place"] = Unsafe.SizeOf<AgentPlace>(),
        ["kaa_own"] = Unsafe.SizeOf<AgentOwn>(),
        ["kaa_snapshot"] = Unsafe.SizeOf<AgentSnapshot>(),
        ["kaa_rule"] = Unsafe.SizeOf<AgentRule>(),
        ["kaa_row"] = Unsafe.SizeOf<AgentRow>(),
        ["kaa_module"] = Unsafe.SizeOf<AgentModule>(),
        ["kaa_unwind"] = Unsafe.SizeOf<AgentUnwind>(),
        ["kaa_native"] = Unsafe.SizeOf<AgentNative>(),
        ["kaa_memory"] = Unsafe.SizeOf<AgentMemoryArea>(),
    };

    public static TheoryData<string, int> Lines
    {
        get
        {
            var data = new TheoryData<string, int>();
            foreach (string line in AgentImageBytes.Layout.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            {
                string[] words = line.Split(' ');
                data.Add(words[0], int.Parse(words[1], CultureInfo.InvariantCulture));
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Lines))]
    public void Mirrors_are_as_the_C_compiler_has_them(string name, int value)
    {
        string[] parts = name.Split('.');
        if (parts.Length == 1)
            Sizes[name].ShouldBe(value);
        else if (parts[0] != "kaa_registers")
            ((int)Marshal.OffsetOf(Mirrors[parts[0]], parts[1])).ShouldBe(value);
    }

    [Theory]
    [InlineData("rax", 0)]
    [InlineData("rdi", 5)]
    [InlineData("rsp", 7)]
    [InlineData("rip", 16)]
    [InlineData("flags", AgentRegisters.Flags)]
    public void Registers_are_by_their_numbers(string name, int number) => AgentImageBytes.Layout.ShouldContain($"kaa_registers.{name} {number * 8}\n");

    [Fact]
    public void The_image_begins_with_its_head()
    {
        AgentImageHead head = MemoryMarshal.Read<AgentImageHead>(AgentImageBytes.Text);
        head.magic.ShouldBe(AgentHeader.Magic);
        head.text_size.ShouldBe((uint)AgentImageBytes.Text.Length);
        (head.size % 4096).ShouldBe(0u);
        head.probe.ShouldBeInRange((uint)Unsafe.SizeOf<AgentImageHead>(), head.text_size);
        head.shared.ShouldBeInRange(head.text_size, head.size);
    }
}
