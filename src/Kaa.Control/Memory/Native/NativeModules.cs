using Kaa.Control.Agent;
using Kaa.Formats;
using Kaa.Formats.ProcText;
using Kaa.Linux;
using Kaa.Python.Native;
using Kaa.Recording.Memory;
using Kaa.Results;
using Kaa.Target;
using Kaa.Target.Symbols;
using Kaa.Target.Unwind;

namespace Kaa.Control.Memory.Native;

/// <summary>A module whose C frames can be walked, as it was when it was first seen.</summary>
internal sealed class NativeModule(AgentModule record, Module module, LiveTarget target, Symbolizer symbols, ulong bias, bool isInterpreter)
{
    public AgentModule Record => record;

    public Module Module => module;

    public LiveTarget Target => target;

    public Symbolizer Symbols => symbols;

    /// <summary>What was added to the addresses of the module's own tables.</summary>
    public ulong Bias => bias;

    /// <summary>CPython, or the program that is little more than a call of it.</summary>
    public bool IsInterpreter => isInterpreter;

    /// <summary>Of the recording; −1 where none of its frames was met.</summary>
    public int Number { get; set; } = -1;
}

/// <summary>The modules of a process, those that came later too: the agent is told their unwind rules.</summary>
internal sealed class NativeModules : IDisposable
{
    private readonly int _pid;
    private readonly Address _interpreter;
    private readonly UnwindTables _tables;
    private readonly List<NativeModule> _bySerial = [];
    private readonly Dictionary<ModuleKey, NativeModule?> _known = [];
    private readonly List<LiveTarget> _owned = [];
    private List<NativeModule> _current = [];
    private bool _isFull;

    /// <param name="target">As it is now; stays its owner's.</param>
    /// <param name="interpreter">The module that holds CPython; null where there is none yet.</param>
    public NativeModules(AgentSession agent, LiveTarget target, Module? interpreter)
    {
        _interpreter = interpreter?.Base ?? Address.Null;
        _pid = target.Info.Pid!.Value;
        _tables = new UnwindTables(agent.Shared, new MemoryAreaLayout(agent.Allocations, HasNatives: true));
        try
        {
            Learn(target);
        }
        catch (TargetFault)
        {
            // It has just ended, and so will the recording.
        }
    }

    /// <summary>There was no room for some module's rules.</summary>
    public bool IsFull => _isFull;

    /// <summary>Null for 0, which stands for none.</summary>
    public NativeModule? Find(uint serial) => serial > 0 && serial <= (uint)_bySerial.Count ? _bySerial[(int)serial - 1] : null;

    /// <summary>Looks what is loaded now.</summary>
    public void Refresh()
    {
        try
        {
            // Modules that are learnt belong to it, whatever comes then.
            var target = LiveTarget.Open(_pid);
            _owned.Add(target);
            if (Learn(target))
                return;
            _owned.Remove(target);
            target.Dispose();
        }
        catch (UserError)
        {
            // It is about to end.
        }
        catch (TargetFault)
        {
            // The same.
        }
    }

    public void Dispose()
    {
        foreach (LiveTarget target in _owned)
            target.Dispose();
    }

    /// <summary>True where there was one that was not known.</summary>
    private bool Learn(LiveTarget target)
    {
        var now = new List<NativeModule>(_current.Count);
        ModuleUnwindSource? source = null;
        Symbolizer? symbols = null;
        bool hasNew = false;
        foreach (Module module in target.Modules.Modules)
        {
            var key = ModuleKey.Of(module);
            if (!_known.TryGetValue(key, out NativeModule? known))
            {
                known = Create(module, target, source ??= new ModuleUnwindSource(target), symbols ??= new Symbolizer(target));
                _known.Add(key, known);
                hasNew |= known is not null;
            }

            if (known is not null)
                now.Add(known);
        }

        if (!now.SequenceEqual(_current))
            Publish(now);
        _current = now;
        return hasNew;
    }

    private void Publish(List<NativeModule> modules)
    {
        var records = new AgentModule[modules.Count];
        for (int i = 0; i < records.Length; i++)
            records[i] = modules[i].Record;
        _tables.Publish(records);
    }

    private NativeModule? Create(Module module, LiveTarget target, ModuleUnwindSource source, Symbolizer symbols)
    {
        bool isCode = false;
        foreach (Mapping mapping in module.Mappings)
            isCode |= mapping.Can(MappingAccess.Execute);
        if (!isCode || target.Images.For(module) is not { Elf: { } elf } image)
            return null;

        // Its files are opened while the process lives: names are wanted later.
        _ = image.DebugInfo;
        bool isInterpreter = IsInterpreter(module);
        if (_tables.Add(module, source, isInterpreter ? new EvalFunction(module, target, source) : null) is not { } rows)
        {
            _isFull = true;
            return null;
        }

        var record = new AgentModule
        {
            start = module.Base.Value,
            end = module.End.Value,
            first = rows.First,
            rows = rows.Rows,
            serial = (uint)_bySerial.Count + 1,
        };
        var made = new NativeModule(record, module, target, symbols, elf.Bias, isInterpreter);
        _bySerial.Add(made);
        return made;
    }

    /// <summary>Told by its name where it came later: to look for a function in all modules takes time.</summary>
    private bool IsInterpreter(Module module) => module.Base == _interpreter || NativeFrames.IsPython(module) || module.FileName.StartsWith("libpython", StringComparison.Ordinal);

    /// <summary>What is the same for a file that is loaded to the same place once more.</summary>
    private readonly record struct ModuleKey(Address Start, Address End, ulong Inode, ulong Device, int Mappings)
    {
        public static ModuleKey Of(Module module) => new(module.Base, module.End, module.Mappings[0].Inode, module.Mappings[0].Device, module.Mappings.Count);
    }
}
