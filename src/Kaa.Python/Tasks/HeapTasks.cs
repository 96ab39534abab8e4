using Kaa.Formats;
using Kaa.Python.Objects;
using Kaa.Results;

namespace Kaa.Python.Tasks;

/// <summary>What only a walk over all objects finds: greenlets, trio's runners without a frame, and suspended generators that nobody drives. Serves one look.</summary>
internal sealed class HeapTasks(PyObjects objects, GreenletReader greenlets, GeneratorReader generators, TrioRunners runners)
{
    private readonly Dictionary<Address, HeapKind> _kinds = [];
    private readonly List<(Address Object, HeapKind Kind)> _suspended = [];
    private readonly HashSet<Address> _driven = [];

    private enum HeapKind
    {
        Other,
        Greenlet,
        Generator,
        Coroutine,
        AsyncGenerator,
        Runner,
    }

    public List<RawTask> Greenlets { get; } = [];

    /// <summary>Greenlets and generators that could not be read.</summary>
    public int Unreadable { get; private set; }

    /// <exception cref="TargetFault">A list is torn, or can't be read.</exception>
    public void Read(IEnumerable<TrackedObject> tracked, long interpreter)
    {
        foreach (TrackedObject one in tracked)
        {
            HeapKind kind = KindOf(one.Type);
            if (kind == HeapKind.Other)
                continue;
            try
            {
                ReadOne(one.Address, kind, interpreter);
            }
            catch (TargetFault fault) when (fault.Reason is FaultReason.Unmapped or FaultReason.Nonsense)
            {
                Unreadable++;
            }
        }
    }

    /// <summary>Once all objects and all tasks were read.</summary>
    /// <param name="tasks">Coroutines of tasks: their loops drive them.</param>
    public UndrivenCode Undriven(IEnumerable<RawTask> tasks)
    {
        foreach (RawTask task in tasks)
            _driven.Add(task.Coroutine);
        int[] counts = new int[(int)HeapKind.AsyncGenerator + 1];
        foreach ((Address suspended, HeapKind kind) in _suspended)
        {
            if (!_driven.Contains(suspended))
                counts[(int)kind]++;
        }

        return new UndrivenCode(counts[(int)HeapKind.Coroutine], counts[(int)HeapKind.Generator], counts[(int)HeapKind.AsyncGenerator]);
    }

    private void ReadOne(Address address, HeapKind kind, long interpreter)
    {
        if (kind == HeapKind.Runner)
        {
            runners.Add(address, interpreter);
            return;
        }

        if (kind == HeapKind.Greenlet)
        {
            if (greenlets.Read(address, interpreter) is { } greenlet)
                Greenlets.Add(greenlet);
            return;
        }

        GeneratorState state = generators.Read(address);
        if (state.Phase == GeneratorPhase.Suspended)
            _suspended.Add((address, kind));
        if (!state.Awaits.IsNull)
            _driven.Add(CoroutineReader.Unwrapped(objects, state.Awaits));
    }

    private HeapKind KindOf(Address type)
    {
        if (!_kinds.TryGetValue(type, out HeapKind kind))
        {
            kind = KindOfType(type);
            _kinds.Add(type, kind);
        }

        return kind;
    }

    private HeapKind KindOfType(Address address)
    {
        try
        {
            PyType type = objects.Type(address);
            if (CoroutineReader.IsGenerator(type))
                return type.Name == "coroutine" ? HeapKind.Coroutine : type.Name == "generator" ? HeapKind.Generator : HeapKind.AsyncGenerator;
            if (TrioRunners.IsRunner(objects, type))
                return HeapKind.Runner;
            return greenlets.IsGreenlet(type) ? HeapKind.Greenlet : HeapKind.Other;
        }
        catch (TargetFault fault) when (fault.Reason is FaultReason.Unmapped or FaultReason.Nonsense)
        {
            return HeapKind.Other;
        }
    }
}
