using Kaa.Formats;
using Kaa.Python.Native;
using Kaa.Recording.Memory;
using Kaa.Results;
using Kaa.Target;
using Kaa.Target.Symbols;

namespace Kaa.Control.Memory.Native;

/// <summary>C frames → frames of a recording. What only carries calls is left out at once, by the modules' symbol tables; files and lines, which take time to find, are found later.</summary>
internal sealed class NativeNames(NativeModules modules, RecordingWriter writer)
{
    /// <summary>No frame of the recording: it is left out.</summary>
    public const int Omitted = -1;

    private readonly Dictionary<(ulong Pc, uint Serial, bool IsExact), Place> _known = [];
    private readonly Queue<(int Frame, NativeModule Module, Address Pc, bool IsReturn)> _unnamed = new();
    private readonly HashSet<string> _ends = new(StringComparer.Ordinal);
    private int _nowhere = -1;

    /// <summary>Modules in which stacks have ended for want of unwind rules.</summary>
    public IReadOnlyCollection<string> Ends => _ends;

    /// <summary>Number of the frame; <see cref="Omitted"/> for none.</summary>
    /// <param name="hasPython">The thread runs Python code: who carries its calls is of no interest.</param>
    public int Find(in AgentNode node, bool hasPython)
    {
        Place place = Look(node);
        if (node.IsCut && !place.IsStart)
            _ends.Add(modules.Find(node.Serial)?.Module.FileName ?? "code outside of all modules");
        return hasPython && (node.Runs || place.IsPlumbing) ? Omitted : place.Frame;
    }

    /// <summary>One of the functions by which others allocate: of no interest where it is the innermost.</summary>
    public bool IsAllocator(in AgentNode node) => Look(node).IsAllocator;

    /// <summary>Something waits for <see cref="Resolve"/>.</summary>
    public bool HasUnnamed => _unnamed.Count > 0;

    /// <summary>Finds the function and line of some frames.</summary>
    /// <param name="most">How many.</param>
    public void Resolve(int most)
    {
        for (; most > 0 && _unnamed.TryDequeue(out (int Frame, NativeModule Module, Address Pc, bool IsReturn) next); most--)
        {
            try
            {
                writer.Symbols(next.Frame, Describe(next.Module.Symbols.Resolve(next.Pc, next.IsReturn)));
            }
            catch (TargetFault)
            {
                // The process is gone, and its file too.
            }
        }
    }

    private static RecordedFrame[] Describe(IReadOnlyList<SymbolizedFrame> found)
    {
        var frames = new RecordedFrame[found.Count];
        for (int i = 0; i < frames.Length; i++)
            frames[i] = new RecordedFrame(RecordedFrameKind.Native, found[i].Function, found[i].File, Math.Max(found[i].Line ?? 0, 0), null);
        return frames;
    }

    private Place Look(in AgentNode node)
    {
        (ulong, uint, bool) key = (node.instruction, node.Serial, node.IsExact);
        if (_known.TryGetValue(key, out Place known))
            return known;
        known = Create(node);
        _known.Add(key, known);
        return known;
    }

    private Place Create(in AgentNode node)
    {
        if (modules.Find(node.Serial) is not { } module)
            return new Place(_nowhere = _nowhere >= 0 ? _nowhere : writer.Frame(new RecordedFrame(RecordedFrameKind.Native, null, null, 0, "?")), false, false, false);
        var pc = new Address(node.instruction);
        string? name = SymbolAt(module, pc, !node.IsExact);
        if (name is null && module.IsInterpreter)
            return new Place(Omitted, false, false, false);
        if (module.Number < 0)
            module.Number = Number(module);
        int frame = writer.AddressFrame(module.Number, unchecked(pc.Value - module.Bias), !node.IsExact);
        _unnamed.Enqueue((frame, module, pc, !node.IsExact));
        return name is null
            ? new Place(frame, false, false, false)
            : new Place(frame, NativeAllocators.Contains(name), NativeFrames.IsPlumbing(name, module.IsInterpreter), InterpreterPlumbing.BeginsThread(name));
    }

    /// <summary>Its files are opened while the process lives.</summary>
    private int Number(NativeModule module)
    {
        ModuleImage image = module.Target.Images.For(module.Module);
        _ = image.DebugInfo;
        return writer.Module(new RecordedModule(module.Module.Path, image.BuildId is { } id ? Convert.ToHexStringLower(id) : null));
    }

    private static string? SymbolAt(NativeModule module, Address pc, bool isReturn)
    {
        try
        {
            return module.Symbols.SymbolAt(pc, isReturn);
        }
        catch (TargetFault)
        {
            return null;
        }
    }

    /// <param name="Frame">Of the recording.</param>
    /// <param name="IsStart">A thread begins there.</param>
    private readonly record struct Place(int Frame, bool IsAllocator, bool IsPlumbing, bool IsStart);
}
