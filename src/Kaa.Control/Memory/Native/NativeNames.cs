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

    private readonly Dictionary<ulong, Place> _known = [];
    private readonly Queue<Place> _unnamed = new();
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

    /// <summary>A stack that ends in the function of the C library that called this one, the program's or the thread's first, is whole: musl has no rules for it.</summary>
    public bool IsFirst(in AgentNode node) => Look(node).IsFirst;

    /// <summary>One of the functions by which others allocate: of no interest where it is the innermost.</summary>
    public bool IsAllocator(in AgentNode node) => Look(node).IsAllocator;

    /// <summary>Something waits for <see cref="Resolve"/>.</summary>
    public bool HasUnnamed => _unnamed.Count > 0;

    /// <summary>Finds the function and line of some frames.</summary>
    /// <param name="most">How many.</param>
    public void Resolve(int most)
    {
        for (; most > 0 && _unnamed.TryDequeue(out Place? next); most--)
        {
            try
            {
                writer.Symbols(next.Frame, Describe(next.Module!.Symbols.Resolve(next.Pc, next.IsReturn), next.Module.IsInterpreter));
            }
            catch (TargetFault)
            {
                // The process is gone, and its file too.
            }
        }
    }

    /// <summary>Without the interpreter's calls that were inlined and only carry others.</summary>
    private static List<RecordedFrame> Describe(IReadOnlyList<SymbolizedFrame> found, bool isInterpreter)
    {
        var frames = new List<RecordedFrame>(found.Count);
        foreach (SymbolizedFrame one in found)
        {
            if (!one.Inlined || !isInterpreter || one.Function is null || !NativeFrames.IsPlumbing(one.Function, isInterpreter))
                frames.Add(new RecordedFrame(RecordedFrameKind.Native, one.Function, one.File, Math.Max(one.Line ?? 0, 0), null));
        }

        return frames;
    }

    private Place Look(in AgentNode node)
    {
        // Code lies below 2⁴⁷.
        ulong key = node.instruction << 17 | (ulong)(node.Serial & 0xffff) << 1 | (node.IsExact ? 1ul : 0);
        if (_known.TryGetValue(key, out Place? known))
            return known;
        known = Create(node);
        _known.Add(key, known);
        return known;
    }

    private Place Create(in AgentNode node)
    {
        if (modules.Find(node.Serial) is not { } module)
            return new Place { Frame = _nowhere = _nowhere >= 0 ? _nowhere : writer.Frame(new RecordedFrame(RecordedFrameKind.Native, null, null, 0, "?")) };
        var pc = new Address(node.instruction);
        string? name = SymbolAt(module, pc, !node.IsExact);
        if (name is null && module.IsInterpreter)
            return new Place { Frame = Omitted };
        if (module.Number < 0)
            module.Number = Number(module);
        var place = new Place
        {
            Frame = writer.AddressFrame(module.Number, unchecked(pc.Value - module.Bias), !node.IsExact),
            Module = module,
            Pc = pc,
            IsReturn = !node.IsExact,
            IsAllocator = name is not null && NativeAllocators.Contains(name),
            IsPlumbing = name is not null && (NativeFrames.IsPlumbing(name, module.IsInterpreter) || name.StartsWith("__libc_start_", StringComparison.Ordinal)),
            IsStart = name is not null && InterpreterPlumbing.BeginsThread(name),
            IsFirst = name is not null && InterpreterPlumbing.IsFirstOfItsOwn(name),
        };
        _unnamed.Enqueue(place);
        return place;
    }

    private int Number(NativeModule module)
    {
        ModuleImage image = module.Target.Images.For(module.Module);
        return writer.Module(module.Module.Path, image.BuildId is { } id ? Convert.ToHexStringLower(id) : null);
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

    private sealed class Place
    {
        /// <summary>Of the recording.</summary>
        public required int Frame { get; init; }

        /// <summary>Null where none is known.</summary>
        public NativeModule? Module { get; init; }

        public Address Pc { get; init; }

        public bool IsReturn { get; init; }

        public bool IsAllocator { get; init; }

        public bool IsPlumbing { get; init; }

        /// <summary>A thread begins there.</summary>
        public bool IsStart { get; init; }

        /// <summary>The C library calls it first of all.</summary>
        public bool IsFirst { get; init; }
    }
}
