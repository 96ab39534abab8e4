using Kaa.Formats;
using Kaa.Python.Layout;
using Kaa.Python.Stack;
using Kaa.Tests.Unit.Python.Objects;

namespace Kaa.Tests.Unit.Python.Stack;

public sealed class ThreadNamesTests
{
    [Theory]
    [InlineData(1)] // no object of that class: its memory was used for something else
    [InlineData(-1)] // nowhere
    public void A_thread_that_has_just_ended_costs_no_other_one_its_name(int kind)
    {
        var world = new Objects.PyWorld("3.11");
        Address gone = kind < 0 ? new Address(8) : world.Memory.Add(new byte[64]);
        Address active = world.Dict((world.Int(10), Thread(world, "first")), (world.Int(20), gone), (world.Int(30), Thread(world, "last")));
        Address module = world.InstanceOf(world.Class("module", Plain(world)), world.Dict((world.Str("_active"), active)).Value);
        PyLayout layout = PyLayout.V311(16);
        Address interpreter = world.Memory.Add(new byte[layout.Interpreter.modules + 8]);
        world.Memory.Set(interpreter, layout.Interpreter.modules, world.Dict((world.Str("threading"), module)));
        var names = new ThreadNames(layout, world.Layout, hash: null);
        names.Locate(world.Memory, interpreter);
        Dictionary<ulong, string> read = names.Read(world.Objects, interpreter);
        read.ShouldBe(new Dictionary<ulong, string> { [10] = "first", [30] = "last" });
    }

    private static TypeSpec Plain(Objects.PyWorld world) => new() { BasicSize = world.Head + 8, DictOffset = world.Head };

    private static Address Thread(Objects.PyWorld world, string name) =>
        world.InstanceOf(world.Class("Thread", Plain(world)), world.Dict((world.Str("_name"), world.Str(name))).Value);
}
