using Kaa.Formats;
using Kaa.Python.Bytecode;
using Kaa.Python.Layout;
using Kaa.Python.Objects;
using Kaa.Python.Stack;
using Kaa.Python.Waits;

namespace Kaa.Python.Builtins;

/// <summary>A place in code where something is called, and the ways in which the value stack can stand there.</summary>
/// <param name="Depth">Height of the value stack in front of the instruction.</param>
/// <param name="Loaded">Where the callable came from; null where that is no single plain load.</param>
internal readonly record struct PlaceOfCall(CallSite Site, int Depth, Mark? Marks, LoadedFrom? Loaded);

/// <summary>The places of one instruction.</summary>
internal sealed class PlacesOfCall(PlaceOfCall[] places)
{
    public static readonly PlacesOfCall None = new([]);

    public PlaceOfCall[] All { get; } = places;

    /// <summary>Of which stack <see cref="Vain"/> counts.</summary>
    public int Stack { get; set; }

    /// <summary>How many frames stood there and were in no C function.</summary>
    public int Vain { get; set; }
}

/// <summary>Reads the bytecode of code objects, and finds what their instructions call; serves one look.</summary>
internal sealed class CodeCalls(PyObjects objects, PyLayout layout, OpcodeSet set)
{
    private readonly Dictionary<(PyCode Code, int Instruction), PlacesOfCall> _places = [];
    private readonly Dictionary<PyCode, CodeFlow?> _flows = [];
    private readonly InstrumentedCode _instrumented = new(objects, layout.Code, set);

    /// <summary>Empty where the instruction calls nothing, or the code can't be followed.</summary>
    public PlacesOfCall At(RawFrame frame)
    {
        var key = (frame.Code, frame.Instruction);
        if (!_places.TryGetValue(key, out PlacesOfCall? places))
        {
            places = frame.Instruction >= 0 && IsCall(frame) ? Find(frame) : PlacesOfCall.None;
            _places.Add(key, places);
        }

        return places;
    }

    /// <summary>Most frames of a deep stack are in Python calls, but those that are in none at all need not be followed.</summary>
    private bool IsCall(RawFrame frame)
    {
        Span<byte> code = stackalloc byte[12];
        int size = objects.Memory.Read(First(frame.Code) + frame.Instruction, code);
        return set.TryRead(code[..size], 0, out Instruction instruction) && (CallSite.IsCall(instruction.Op) || InstrumentedCode.Hides(instruction.Op));
    }

    private Address First(PyCode code) => code.Length > 0 ? code.Bytecode : code.Bytecode + objects.Layout.ob_sval;

    private PlacesOfCall Find(RawFrame frame)
    {
        if (!_flows.TryGetValue(frame.Code, out CodeFlow? flow))
        {
            flow = Analyse(frame.Code);
            _flows.Add(frame.Code, flow);
        }

        if (flow is null || !flow.Flow.TryInstruction(frame.Instruction, out Instruction instruction))
            return PlacesOfCall.None;
        var places = new List<PlaceOfCall>();
        foreach (StackState state in flow.Flow.StatesAt(frame.Instruction))
        {
            if (CallSite.Of(instruction, state.Depth, set.Release) is not { } site)
                continue;
            LoadedFrom? loaded = LoadedFrom.Find(set, flow.Flow, flow.Code, instruction.Start, site.Slot, state.Marks);
            places.Add(new PlaceOfCall(site, state.Depth, state.Marks, loaded));
        }

        return new PlacesOfCall([.. places]);
    }

    private CodeFlow? Analyse(PyCode code)
    {
        byte[] bytes = code.Length > 0
            ? objects.ReadRaw(code.Bytecode, code.Length, Limits.Bytecode + 2)
            : objects.ReadBytes(code.Bytecode, Limits.Bytecode + 2);
        _instrumented.Restore(code, bytes);
        byte[] exceptions = layout.Code.co_exceptiontable == Offset.Absent
            ? []
            : objects.ReadBytes(objects.PointerAt(code.Address, layout.Code.co_exceptiontable), ExceptionTable.MostBytes(bytes.Length));
        bool generator = (code.Flags & (CodeFlags.Generator | CodeFlags.Coroutine | CodeFlags.AsyncGenerator)) != 0;
        StackFlow? flow = StackFlow.Analyse(set, bytes, generator, exceptions, code.StackSize);
        return flow is null ? null : new CodeFlow(flow, bytes);
    }

    private sealed record CodeFlow(StackFlow Flow, byte[] Code);
}
