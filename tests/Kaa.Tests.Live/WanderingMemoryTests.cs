using System.Globalization;
using System.Text.Json;
using Kaa.Tests.Live.Harness;

namespace Kaa.Tests.Live;

/// <summary>
/// <c>kaa mem</c> compares a stack with what it saw of it last, and stops where nothing can have changed. Here stacks change in every way that Python has, and the program itself knows each block's.
/// </summary>
public sealed class WanderingMemoryTests : IDisposable
{
    private const int Blocks = 2000;
    private const int Block = 100_001; // each is 8 bytes larger than the one before

    private readonly string _known = "/tmp/kaa-wandering-" + Guid.NewGuid().ToString("N");
    private string _root = "";

    [Theory]
    [MemberData(nameof(Interpreters.Plain), MemberType = typeof(Interpreters))]
    public void Each_block_has_the_stack_that_it_was_made_with(string interpreter) => Wander(Interpreters.Named(interpreter));

    [Theory]
    [MemberData(nameof(Modules.WithGreenlet), MemberType = typeof(Modules))]
    public void So_it_has_where_greenlets_take_turns(string suite, string interpreter) => Wander(Modules.Of(suite, Interpreters.Named(interpreter))!);

    private void Wander(Interpreter its)
    {
        _root = its.Root ?? "";
        string seed = Random.Shared.Next(1_000_000).ToString(CultureInfo.InvariantCulture);
        using PythonChild child = PythonChild.StartFile(its, Repository.Fixture("wandering.py"), [seed, Blocks.ToString(CultureInfo.InvariantCulture), _known]);

        // Free-threaded builds' blocks come from mimalloc, which asks nobody but the kernel.
        using var recording = Recording.Of(child, "--allocators", its.FreeThreaded ? "python" : "system");
        child.WriteLine("go");
        int count = int.Parse(child.ReadUntil("done"), CultureInfo.InvariantCulture);
        count.ShouldBeGreaterThanOrEqualTo(Blocks);
        recording.End().ShouldBe(0);
        child.WriteLine("write");
        child.ReadUntil("written");
        Dictionary<string, (long Count, long Bytes)> known = Known(File.ReadAllLines(_root + _known));
        Dictionary<string, (long Count, long Bytes)> found = Found(recording.Report("leaks"));
        foreach ((string stack, (long blocks, long bytes)) in known)
        {
            // A small one may have come from the same place.
            found.ShouldContainKey(stack, $"seed {seed}");
            (found[stack].Bytes - bytes).ShouldBeInRange(0, Block / 2, $"seed {seed}: {blocks} of {stack}");
        }

        found.Where(stack => stack.Value.Bytes >= Block * stack.Value.Count).Select(stack => stack.Key).Except(known.Keys).ShouldBeEmpty($"seed {seed}");
    }

    public void Dispose() => File.Delete(_root + _known);

    private static Dictionary<string, (long Count, long Bytes)> Known(string[] lines)
    {
        var known = new Dictionary<string, (long Count, long Bytes)>();
        foreach (string line in lines)
        {
            string[] parts = line.Split(' ', 2);
            Add(known, parts[1], 1, long.Parse(parts[0], CultureInfo.InvariantCulture) + 1); // a bytearray has one byte more
        }

        return known;
    }

    /// <summary>What pymalloc takes for itself is no block: arenas, and where it keeps its books of them.</summary>
    private static Dictionary<string, (long Count, long Bytes)> Found(JsonElement report)
    {
        var found = new Dictionary<string, (long Count, long Bytes)>();
        foreach (JsonElement entry in report.GetProperty("entries").EnumerateArray())
        {
            if (entry.GetProperty("allocator").GetString() is "mmap" or "calloc")
                continue;
            IEnumerable<string> stack = entry.GetProperty("stack").EnumerateArray().Where(frame => frame.GetProperty("kind").GetString() == "python")
                .Select(frame => $"{frame.GetProperty("function").GetString()}:{frame.GetProperty("line")}");
            Add(found, string.Join(' ', stack), entry.GetProperty("count").GetInt64(), entry.GetProperty("bytes").GetInt64());
        }

        return found;
    }

    private static void Add(Dictionary<string, (long Count, long Bytes)> sums, string stack, long count, long bytes)
    {
        (long Count, long Bytes) sum = sums.GetValueOrDefault(stack);
        sums[stack] = (sum.Count + count, sum.Bytes + bytes);
    }
}
