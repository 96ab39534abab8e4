using Kaa.Formats;
using Kaa.Python;
using Kaa.Python.Native;
using Kaa.Python.Objects.Printing;
using Kaa.Python.Source;
using Kaa.Python.Stack;
using Kaa.Python.Tasks;
using Kaa.Python.Waits;
using Kaa.Results;
using Kaa.Target;
using Kaa.Target.Cores;
using Kaa.Target.Symbols;

namespace Kaa.Fuzz;

/// <summary>
/// Whole looks at cores of Python processes, as <c>kaa bt --locals --tasks --native-all</c> makes them, over memory some of whose bytes were changed:
/// only such that a look at the good core reads.
/// </summary>
/// <param name="images">Images, symbols and unwind rules are damaged too, else only what the program wrote.</param>
internal sealed class WalkFamily(string name, IReadOnlyList<string> cores, bool images = false) : Family
{
    /// <summary>Reads of one look after which it counts as one without an end: a good one takes some 50,000.</summary>
    private const int MostReads = 4_000_000;

    private readonly List<(string Path, ReadPlaces Places)> _good = [];
    private string _last = "";

    public override string Name => name;

    public override long AllowedBytes => 1L << 30;

    public override void Run(Random random)
    {
        if (_good.Count == 0)
            Learn();
        (string path, ReadPlaces places) = _good[random.Next(_good.Count)];
        var spoiled = new SpoiledMemory.Plan(places, random, random.Next(1, 9), MostReads);
        _last = $"{Path.GetFileName(path)} {spoiled}";
        using CoreTarget core = CoreTarget.Open(path, new CoreOptions());
        using var target = new SpoiledTarget(core, spoiled, images);
        Look(target);
    }

    public override string Describe() => _last;

    private void Learn()
    {
        foreach (string path in cores.Order(StringComparer.Ordinal))
        {
            var places = new ReadPlaces();
            using CoreTarget core = CoreTarget.Open(path, new CoreOptions());
            using var target = new SpoiledTarget(core, places, images);
            int frames = Look(target);
            Console.WriteLine($"{Path.GetFileName(path)}: {frames} frames, {places.Count} reads");
            if (frames < 10)
                throw new InvalidOperationException($"a look at {path} shows {frames} frames");
            _good.Add((path, places));
        }
    }

    /// <summary>What StackSession of Kaa.Cli does; gives the number of frames.</summary>
    private static int Look(ObservedTarget target)
    {
        PythonProcess python = PythonProcess.Find(target);
        using var sources = new SourceFinder(target.Files, null);
        var waits = new WaitInspector(python, target);
        var symbols = new Symbolizer(target);
        var native = new NativeStacks(python, target, symbols, all: true);
        var tasks = new TaskInspector(python, target);
        var locals = new FrameLocals(new ValueOptions { MaxValue = 200 });
        var observer = new StackObserver(python, new StackOptions { Inspectors = [waits, native], Locals = locals, Tasks = tasks });
        LookResult look = target.Observe(native.Beside(observer), new LookOptions());
        native.Unwind();
        (IReadOnlyList<ThreadStack> threads, _) = waits.Complete(observer.Threads(look));
        threads = native.Merge(threads, look);
        int frames = 0;
        foreach (ThreadStack thread in threads)
            frames += sources.AddTo(thread, 1).Frames.Count;
        sources.AddTo(tasks.Complete(), 1);
        _ = observer.Notes(look);
        return frames;
    }
}
