using Kaa.Formats;
using Kaa.Python.Objects;
using Kaa.Python.Objects.Printing;

namespace Kaa.Tests.Unit.Python.Objects;

/// <summary>Whatever lies in the target's memory, a value is a text or a reason, after bounded work.</summary>
public sealed class MutationTests
{
    private const int Rounds = 200;

    /// <summary>A text of 200 characters needs some thousand reads; a scan for a deleted place up to eight thousand batches.</summary>
    private const int MaxReads = 100_000;

    private const long MaxAllocation = 64 << 20;

    [Theory]
    [MemberData(nameof(Layouts.Every), MemberType = typeof(Layouts))]
    public void Spoiled_memory_gives_values_or_reasons_and_no_more(string version)
    {
        var world = new PyWorld(version);
        Address everything = Everything(world);
        var recording = new RecordingMemory(world.Memory);
        Print(recording, world, everything).Text.ShouldNotBeNull();
        for (int seed = 0; seed < Rounds; seed++)
        {
            var random = new Random(seed);
            var memory = new MutatedMemory(recording, random, mutations: 1 + random.Next(20), MaxReads);
            long before = GC.GetAllocatedBytesForCurrentThread();
            PrintedValue printed = Print(memory, world, everything);
            (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(MaxAllocation, $"seed {seed}");
            (printed.Text is null).ShouldBe(printed.Unreadable is not null, $"seed {seed}");
        }
    }

    private static PrintedValue Print(IMemory memory, PyWorld world, Address value) =>
        new ValuePrinter(new PyObjects(memory, world.Layout), new ValueOptions { MaxValue = 5_000 }).Print(value, "value");

    private static Address Everything(PyWorld world)
    {
        List<Address> values = [];
        foreach ((_, Address value, _) in Zoo.Of(world))
            values.Add(value);
        var spec = new TypeSpec { BasicSize = world.Head + 16, DictOffset = world.Head, Slots = [("s", world.Head + 8)] };
        Address type = world.Class("Plain", spec);
        values.Add(world.InstanceOf(type, world.Dict((world.Str("a"), world.Int(1))).Value, world.Str("slot").Value));
        return world.List([.. values]);
    }
}
