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
    public PlaceOfCall[] All { get; } = places;

    /// <summary>The instruction that stood there, and the <see cref="CodeCalls.Round"/> in which it was last seen so.</summary>
    public (Op Op, int Argument) Seen { get; init; }

    public int SeenIn { get; set; }

    /// <summary>Of which stack <see cref="Vain"/> counts.</summary>
    public int Stack { get; set; }

    /// <summary>How many frames stood there and were in no C function.</summary>
    public int Vain { get; set; }
}

/// <summary>Reads the bytecode of code objects, and finds what their instructions call; serves one look, or with <see cref="Round"/> many.</summary>
internal sealed class CodeCalls(PyObjects objects, PyLayout layout, OpcodeSet set)
{
    private readonly Dictionary<(PyCode Code, int Instruction), PlacesOfCall> _places = [];
    private readonly Dictionary<PyCode, CodeFlow?> _flows = [];
    private readonly InstrumentedCode _instrumented = new(objects, layout.Code, set);
    private int _stacks;

    /// <summary>Counts up where time has passed since the last question. Code objects are the same ones by then (<see cref="CodeReader.Round"/>); their instructions are looked at.</summary>
    public int Round { get; set; }

    /// <summary>A number for <see cref="PlacesOfCall.Stack"/>.</summary>
    public int NextStack() => ++_stacks;

    /// <summary>Empty where the instruction calls nothing, or the code can't be followed.</summary>
    public PlacesOfCall At(RawFrame frame)
    {
        var key = (frame.Code, frame.Instruction);
        bool isKnown = _places.TryGetValue(key, out PlacesOfCall? places);
        if (isKnown && places!.SeenIn == Round)
            return places;
        (Op Op, int Argument) now = InstructionOf(frame);
        if (isKnown && places!.Seen == now)
        {
            places.SeenIn = Round;
            return places;
        }

        if (isKnown || _flows.Count >= Limits.KeptCodes)
            Forget();

        // Most frames of a deep stack are in Python calls, but those that are in none at all need not be followed.
        bool isCall = CallSite.IsCall(now.Op) || InstrumentedCode.Hides(now.Op);
        places = new PlacesOfCall(isCall ? Find(frame) : []) { Seen = now, SeenIn = Round };
        _places[key] = places;
        return places;
    }

    private void Forget()
    {
        _places.Clear();
        _flows.Clear();
    }

    private (Op Op, int Argument) InstructionOf(RawFrame frame)
    {
        if (frame.Instruction < 0)
            return default;
        Span<byte> code = stackalloc byte[12];
        int size = objects.Memory.Read(First(frame.Code) + frame.Instruction, code);
        return set.TryRead(code[..size], 0, out Instruction instruction) ? (instruction.Op, instruction.Argument) : default;
    }

    private Address First(PyCode code) => code.Length > 0 ? code.Bytecode : code.Bytecode + objects.Layout.ob_sval;

    private PlaceOfCall[] Find(RawFrame frame)
    {
        if (!_flows.TryGetValue(frame.Code, out CodeFlow? flow))
        {
            flow = Analyse(frame.Code);
            _flows.Add(frame.Code, flow);
        }

        if (flow is null || !flow.Flow.TryInstruction(frame.Instruction, out Instruction instruction))
            return [];
        var places = new List<PlaceOfCall>();
        foreach (StackState state in flow.Flow.StatesAt(frame.Instruction))
        {
            if (CallSite.Of(instruction, state.Depth, set.Release) is not { } site)
                continue;
            LoadedFrom? loaded = LoadedFrom.Find(set, flow.Flow, flow.Code, instruction.Start, site.Slot, state.Marks);
            places.Add(new PlaceOfCall(site, state.Depth, state.Marks, loaded));
        }

        return [.. places];
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
