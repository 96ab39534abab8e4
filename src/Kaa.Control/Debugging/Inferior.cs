using Kaa.Control.Debugging.Symbols;
using Kaa.Formats;
using Kaa.Formats.ProcText;
using Kaa.Python;
using Kaa.Python.Inspection;
using Kaa.Python.Native;
using Kaa.Results;
using Kaa.Target;
using Kaa.Target.Symbols;
using Kaa.Target.Unwind;

namespace Kaa.Control.Debugging;

public enum InferiorState
{
    /// <summary>A core: it stands still for ever.</summary>
    Core,

    /// <summary>All threads that can be are held by Kaa.</summary>
    Stopped,

    /// <summary>It runs: there are no threads and no frames to be asked about.</summary>
    Running,
    Exited,
}

/// <summary>
/// What a session debugs: a core, or a live process that is held still. Everything that only reads asks this; what changes a process asks
/// <see cref="LiveInferior"/>. After the process ran, <see cref="Refresh"/> makes all of this new.
/// </summary>
public abstract class Inferior : IDisposable
{
    private PythonProcess? _python;
    private UserError? _noPython;
    private PythonPlaces? _places;

    /// <summary>Number of gdb's: threads keep theirs while they live.</summary>
    private readonly Dictionary<int, int> _numbers = [];

    private protected Inferior(ObservedTarget target) => Target = target;

    /// <summary>Opened anew when the process has loaded or unloaded something, or runs another program.</summary>
    public ObservedTarget Target
    {
        get;
        private protected set
        {
            if (ReferenceEquals(field, value))
                return;
            field = value;
            Symbols = new Symbolizer(value);
            Rules = new ModuleUnwindSource(value);
            Names = new SymbolFinder(value);
            _python = null;
            _noPython = null;
            _places = null;
        }
    }

    public abstract InferiorState State { get; }

    public int Pid => Target.Info.Pid ?? 0;

    /// <summary>gdb's number: the first one is 1.</summary>
    public int Number { get; internal set; } = 1;

    /// <summary>Counts up whenever the process may have moved: what was read before is no longer so.</summary>
    public int Epoch { get; private set; }

    /// <summary>Memory as of the stop; cached until the next <see cref="Refresh"/>.</summary>
    public abstract IMemory Memory { get; }

    /// <summary>In the order of their numbers; empty while it runs.</summary>
    public abstract IReadOnlyList<InferiorThread> Threads { get; }

    /// <summary>How many there are, also where only one is shown (<see cref="LiveInferior.TryShowWaiting"/>).</summary>
    public virtual int ThreadCount => Threads.Count;

    public Symbolizer Symbols { get; private set; } = null!;

    public ModuleUnwindSource Rules { get; private set; } = null!;

    /// <summary>Symbols by name and by address.</summary>
    public SymbolFinder Names { get; private set; } = null!;

    /// <summary>The interpreter; null where there is none (yet), or none that Kaa knows: <see cref="WhyNoPython"/>.</summary>
    public PythonProcess? Python
    {
        get
        {
            if (_python is null && _noPython is null && State != InferiorState.Exited)
                FindPython();
            return _python;
        }
    }

    /// <summary>Which C frames run Python's; null where there is no interpreter.</summary>
    public PythonPlaces? Places => Python is { } python ? _places ??= new PythonPlaces(python, Target, Rules) : null;

    /// <summary>Null where there is an interpreter.</summary>
    public UserError? WhyNoPython => Python is null ? _noPython : null;

    /// <summary>
    /// As gdb writes it behind an address: <c>read+13</c>, by debug information for code that has some, else by symbols; null where nothing tells.
    /// </summary>
    public string? NameOf(Address address)
    {
        if (Target.Modules.FindMapping(address) is not { } mapping || !mapping.Can(MappingAccess.Execute))
            return Names.Describe(address);
        SymbolizedFrame compiled = Symbols.Resolve(address, false)[^1];
        if (compiled is not { Source: SymbolSource.DebugInfo, Function: { } function, OffsetInFunction: { } offset } || Names.At(address) is { } symbol && address - symbol.Start < (long)offset)
            return Names.Describe(address);
        return offset == 0 ? function : function + "+" + offset.ToString(System.Globalization.CultureInfo.InvariantCulture);
    }

    /// <summary>This moment, for readers of Python's structures: all threads stand still.</summary>
    public virtual Look Look() => new(Memory, [.. Threads.Select(thread => thread.Kernel)], null, 0);

    /// <summary>By the memory of this moment.</summary>
    public virtual UnwoundStack Unwind(CapturedStack stack) => NativeUnwinder.Unwind(stack, Memory, Rules);

    /// <summary>Python's side of this moment.</summary>
    public virtual PythonMoment NewMoment(PythonProcess python) => new(python, Look());

    /// <summary>Writes into the process.</summary>
    /// <exception cref="UserError">core-is-read-only, not-writable.</exception>
    public abstract void Write(Address address, ReadOnlySpan<byte> bytes);

    /// <summary>The process ran, or something of it was changed: forgets what was read.</summary>
    public virtual void Refresh() => Epoch++;

    /// <summary>Lets the process go on without Kaa; nothing for a core.</summary>
    public virtual void Detach()
    {
    }

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing) => Target.Dispose();

    private protected bool HasNumber(int tid) => _numbers.ContainsKey(tid);

    private protected int NumberOf(int tid)
    {
        if (!_numbers.TryGetValue(tid, out int number))
            _numbers.Add(tid, number = _numbers.Count + 1);
        return number;
    }

    /// <summary>Another try at the next question: a program that has just begun has no interpreter yet.</summary>
    private protected void SeekPythonAgain() => _noPython = null;

    private void FindPython()
    {
        try
        {
            _python = PythonProcess.Find(Target);
        }
        catch (UserError error)
        {
            _noPython = error;
        }
    }
}
