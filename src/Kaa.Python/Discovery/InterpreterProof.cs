using Kaa.Formats;
using Kaa.Python.Layout;
using Kaa.Python.Objects;
using Kaa.Python.Semantics;
using Kaa.Python.Stack;
using Kaa.Results;
using Kaa.Target;

namespace Kaa.Python.Discovery;

/// <summary>An interpreter with everything that is needed to read it.</summary>
/// <param name="IsProved">False while it has not come so far that it could say its own version: the layout is that of the version that the file says.</param>
internal sealed record FoundInterpreter(
    RuntimeCandidate Candidate, PythonVersion Version, BuildFlavour Flavour, PyLayout Layout, ObjectLayout Objects, PySemantics Semantics,
    InterpreterRoot Root, bool IsProved)
{
    /// <summary>Null where the interpreter's secret was not found.</summary>
    public StringHash? Hash { get; init; }
}

/// <summary>
/// Reads a candidate through one layout after the other until one proves itself: the list of interpreters leads to an interpreter, its
/// first thread back to it, and its <c>sys.hexversion</c> to the very version whose layout was used.
/// </summary>
/// <param name="hashSecret">Where <c>_Py_HashSecret</c> lies in an image; null where no symbol tells.</param>
internal sealed class InterpreterProof(IMemory memory, Func<Module, Address?> hashSecret)
{
    private const int MaxTable = 1024;

    /// <summary>A version that some candidate has, and that Kaa does not know.</summary>
    public PythonVersion? Unsupported { get; private set; }

    /// <summary>True where some candidate has no interpreter, or one without its <c>sys</c>: not yet, or not any more.</summary>
    public bool SawEmpty { get; private set; }

    /// <param name="hint">The version that symbols or names suggest; null for none.</param>
    /// <param name="isSure">True where a symbol gave it.</param>
    public FoundInterpreter? Prove(RuntimeCandidate candidate, PythonVersion? hint, bool isSure)
    {
        Span<byte> header = stackalloc byte[DebugOffsets.HeaderSize];
        if (candidate.Kind == CandidateKind.Runtime && memory.TryReadExactly(candidate.Address, header)
            && DebugOffsets.ReadHeader(header) is { } own)
        {
            return ProveByOwnTable(candidate, own.Version, own.FreeThreaded);
        }

        foreach (CPythonVersion version in InOrder(hint))
        {
            if (version.OffsetsTable is null && Prove(candidate, version, isSure ? hint : null) is { } found)
                return found;
        }

        return null;
    }

    private FoundInterpreter? ProveByOwnTable(RuntimeCandidate candidate, PythonVersion version, bool freeThreaded)
    {
        if (CPythonVersions.Find(version.Major, version.Minor) is not { OffsetsTable: { } fields } known)
        {
            Unsupported = version;
            return null;
        }

        var flavour = new BuildFlavour(Debug: false, TraceRefs: false, freeThreaded);
        if (ReadOwnTable(candidate.Address, fields) is not { } offsets)
        {
            Unsupported = version;
            return null;
        }

        PyLayout layout = DebugOffsetsLayout.Overlay(offsets, known.Layout(freeThreaded ? 32 : 16));
        return TryLayout(candidate, known, layout, flavour, Root(candidate, layout), version);
    }

    private DebugOffsets? ReadOwnTable(Address runtime, string fields)
    {
        try
        {
            Span<byte> table = stackalloc byte[MaxTable];
            table = table[..DebugOffsets.SizeOf(fields)];
            memory.ReadExactly(runtime, table);
            return DebugOffsets.Parse(table, fields);
        }
        catch (BadData)
        {
            return null;
        }
    }

    private static IEnumerable<CPythonVersion> InOrder(PythonVersion? hint)
    {
        CPythonVersion? first = hint is { } version ? CPythonVersions.Find(version.Major, version.Minor) : null;
        if (first is not null)
            yield return first;
        foreach (CPythonVersion one in CPythonVersions.All)
        {
            if (one != first)
                yield return one;
        }
    }

    /// <summary>Objects have one word more on either side where they are linked (Py_TRACE_REFS), which shows only by trying.</summary>
    private FoundInterpreter? Prove(RuntimeCandidate candidate, CPythonVersion version, PythonVersion? sure)
    {
        if (candidate.Kind == CandidateKind.Runtime && !version.HasRuntime)
            return null;
        if (candidate.Kind == CandidateKind.InterpreterHead && version.HasRuntime)
            return null;
        foreach (bool traceRefs in (ReadOnlySpan<bool>)[false, true])
        {
            var flavour = new BuildFlavour(Debug: false, traceRefs, FreeThreaded: false);
            PyLayout layout = version.Layout(traceRefs ? 32 : 16);
            PythonVersion? ifStarting = sure is { } known && version.Is(known) ? known : null;
            if (TryLayout(candidate, version, layout, flavour, Root(candidate, layout), ifStarting) is { } found)
                return found;
        }

        return null;
    }

    /// <summary>Through the interpreter's own debug information, whatever version it may be.</summary>
    public FoundInterpreter? ProveByDwarf(RuntimeCandidate candidate, PyLayout dwarf, PythonVersion? hint)
    {
        bool freeThreaded = dwarf.Gil.enabled != Offset.Absent;
        foreach (CPythonVersion version in InOrder(hint))
        {
            bool isAlike = version.HasRuntime == (dwarf.Runtime.interpreters_head != Offset.Absent)
                && version.HasFrameObjects == (dwarf.Frame.previous == Offset.Absent);
            var flavour = new BuildFlavour(Debug: false, TraceRefs: dwarf.HeadSize == 32 && !freeThreaded, freeThreaded);
            if (isAlike && TryLayout(candidate, version, dwarf, flavour, Root(candidate, dwarf), null) is { } found)
                return found;
        }

        return null;
    }

    private static InterpreterRoot Root(RuntimeCandidate candidate, PyLayout layout)
    {
        int head = layout.Runtime.interpreters_head;
        if (head == Offset.Absent)
            return new InterpreterRoot(candidate.Address, default, default, default);
        return candidate.Kind == CandidateKind.Runtime
            ? new InterpreterRoot(candidate.Address + head, candidate.Address, default, default)
            : new InterpreterRoot(candidate.Address, candidate.Address - head, default, default);
    }

    /// <param name="ifStarting">The version where that is known for sure: an interpreter that can't say it yet is taken as starting up.</param>
    private FoundInterpreter? TryLayout(
        RuntimeCandidate candidate, CPythonVersion version, PyLayout layout, BuildFlavour flavour, InterpreterRoot root, PythonVersion? ifStarting)
    {
        if (!memory.TryReadPointer(root.Head, out Address interpreter))
            return null;
        if (!interpreter.IsNull && !IsInterpreter(interpreter, layout, root))
            return null;
        SawEmpty |= interpreter.IsNull || (memory.TryReadPointer(interpreter + layout.Interpreter.sysdict, out Address sysModule) && sysModule.IsNull);
        ObjectLayout objects = ObjectLayout.For(ifStarting ?? new PythonVersion(version.Major, version.Minor), flavour);
        StringHash? hash = Hash(candidate, objects.Version);
        if (ReadSys(interpreter, layout, objects, hash) is not { } sys)
        {
            return ifStarting is { } starting
                ? new FoundInterpreter(candidate, starting, flavour, layout, objects, version.Semantics, root, IsProved: false)
                : null;
        }

        var proved = new PythonVersion(sys.Hex);
        if (!version.Is(proved))
            return Again(candidate, version, layout, proved);
        flavour = flavour with { Debug = sys.Debug, TraceRefs = flavour.TraceRefs || sys.TraceRefs };
        Address sysdict = memory.ReadPointer(interpreter + layout.Interpreter.sysdict);
        objects = SysConfiguration.Apply(new PyObjects(memory, ObjectLayout.For(proved, flavour), hash), sysdict);
        return new FoundInterpreter(candidate, proved, flavour, layout, objects, version.Semantics, root, IsProved: true) { Hash = hash };
    }

    /// <summary>Two versions can be alike as far as <c>sys</c>: then it names the one to be used.</summary>
    private FoundInterpreter? Again(RuntimeCandidate candidate, CPythonVersion tried, PyLayout layout, PythonVersion proved)
    {
        CPythonVersion? right = CPythonVersions.Find(proved.Major, proved.Minor);
        if (right is null)
            Unsupported = proved;
        return right is null || right == tried || right.OffsetsTable is not null || layout.Source == LayoutSource.Dwarf
            ? null
            : Prove(candidate, right, null);
    }

    private bool IsInterpreter(Address interpreter, PyLayout layout, InterpreterRoot root)
    {
        // interpreters.main lies behind interpreters.head; it tells _PyRuntime from other words that point to an interpreter.
        if (!root.Runtime.IsNull && (!memory.TryReadPointer(root.Head + 8, out Address main) || main.IsNull || !LeadsTo(main, interpreter, layout)))
            return false;
        return memory.TryReadPointer(interpreter + layout.Interpreter.threads_head, out Address thread)
            && (thread.IsNull || (memory.TryReadPointer(thread + layout.Thread.interp, out Address back) && back == interpreter));
    }

    private bool LeadsTo(Address main, Address interpreter, PyLayout layout)
    {
        var guard = new CycleGuard();
        while (!interpreter.IsNull && interpreter != main && guard.Enter(interpreter, Limits.Interpreters))
        {
            if (!memory.TryReadPointer(interpreter + layout.Interpreter.next, out interpreter))
                return false;
        }

        return interpreter == main;
    }

    private StringHash? Hash(RuntimeCandidate candidate, PythonVersion version) =>
        candidate.Module is { } module && hashSecret(module) is { } secret ? StringHash.Read(memory, secret, version) : null;

    private SysModule? ReadSys(Address interpreter, PyLayout layout, ObjectLayout objects, StringHash? hash)
    {
        if (interpreter.IsNull || !memory.TryReadPointer(interpreter + layout.Interpreter.sysdict, out Address sysdict) || sysdict.IsNull)
            return null;
        return SysModule.Read(new PyObjects(memory, objects, hash), sysdict);
    }
}
