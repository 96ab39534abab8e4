using System.Numerics;
using Kaa.Formats;
using Kaa.Formats.Elf;
using Kaa.Python.Discovery;
using Kaa.Python.Layout;
using Kaa.Python.Objects;
using Kaa.Python.Semantics;
using Kaa.Python.Stack;
using Kaa.Python.Tasks;
using Kaa.Results;
using Kaa.Target;

namespace Kaa.Python;

/// <summary>CPython in one process or core: found once, then read look by look.</summary>
public sealed class PythonProcess
{
    private readonly ObservedTarget _target;
    private readonly FoundInterpreter _found;
    private readonly ThreadReader _threads;

    private PythonProcess(ObservedTarget target, FoundInterpreter found)
    {
        _target = target;
        _found = found;
        _threads = new ThreadReader(found.Layout, found.Semantics, found.Root, target.Info.Pid);
    }

    public PythonVersion Version => _found.Version;

    public BuildFlavour Flavour => _found.Flavour;

    /// <summary>Where the structures of interpreter, threads, frames and code have their fields.</summary>
    public PyLayout Layout => _found.Layout;

    /// <summary>Where objects have theirs.</summary>
    public ObjectLayout ObjectLayout => _found.Objects;

    public InterpreterRoot Root => _found.Root;

    /// <summary>True where code objects have qualified names of their own (3.11+).</summary>
    internal bool HasQualifiedNames => Layout.Code.co_qualname != Offset.Absent;

    /// <summary>Bits to be taken off a reference on a frame; 0 where there are none.</summary>
    public ulong StackRefTags => _found.Semantics.StackRefTags;

    /// <summary>The image that the interpreter lies in; null where it lies in none.</summary>
    public Module? Module => _found.Candidate.Module;

    /// <summary>Finds the interpreter of a process or core. Stops nothing.</summary>
    /// <param name="thorough">Where no name tells, search the data of all modules: can take a tenth of a second for a process that is no Python.</param>
    /// <exception cref="UserError">
    /// <c>not-python</c>, <c>unsupported-implementation</c> (PyPy, GraalPy), <c>unsupported-version</c> or <c>interpreter-starting</c> (so early, or
    /// so late, that not even its version can be known).
    /// </exception>
    public static PythonProcess Find(ObservedTarget target, bool thorough = true) => new(target, new PythonFinder(target).Find(thorough));

    /// <summary>By names only; null where there is no interpreter, none yet, or the target is just ending.</summary>
    public static PythonProcess? TryFind(ObservedTarget target)
    {
        try
        {
            return Find(target, thorough: false);
        }
        catch (UserError)
        {
            return null;
        }
        catch (TargetFault)
        {
            return null;
        }
    }

    /// <summary>Version, files and phase of life, as of now.</summary>
    public InterpreterInfo Describe()
    {
        Module? program = Program();
        return new InterpreterInfo
        {
            Version = Version.ToString(),
            Executable = program?.Path,
            Library = Module is not null && Module != program ? Module.Path : null,
            Debug = Flavour.Debug,
            FreeThreaded = Flavour.FreeThreaded,
            Layout = Layout.Source,
            Phase = Phase(_target.Glance()),
        };
    }

    /// <summary>What the main interpreter's <c>sys</c> says of how it was started, as of now; null where that can't be read.</summary>
    public SysFacts? ReadSys()
    {
        IMemory memory = _target.Glance();
        SysFacts? facts = null;
        var guard = new CycleGuard();
        memory.TryReadPointer(_found.Root.Head, out Address interpreter);

        // New interpreters are put in front: the last one is the main one.
        while (!interpreter.IsNull && guard.Enter(interpreter, Limits.Interpreters))
        {
            facts = SysFacts.Read(Objects(memory), interpreter, Layout.Interpreter) ?? facts;
            if (!memory.TryReadPointer(interpreter + Layout.Interpreter.next, out interpreter))
                break;
        }

        return facts;
    }

    /// <summary>All threads of all interpreters; frames of those that the look wants.</summary>
    public RawThreads ReadThreads(Look look) => ReadThreads(look, Objects(look.Memory));

    /// <param name="objects">Of this look: what it has read of types is used again.</param>
    public RawThreads ReadThreads(Look look, PyObjects objects) => _threads.Read(look, objects);

    /// <param name="kept">Of earlier looks: code objects that it has read are compared with what is there.</param>
    internal RawThreads ReadThreads(Look look, PyObjects objects, FrameChain? kept) => _threads.Read(look, objects, kept);

    /// <summary>Memory as it is now.</summary>
    public IMemory ReadMemory() => _target.Glance();

    /// <inheritdoc cref="ReadMemory"/>
    internal IMemory Glance() => _target.Glance();

    /// <summary>A number that changes, as good as surely, when a thread is added to an interpreter or taken out, or gets another name.</summary>
    internal ulong ListsVersion(IMemory memory, ThreadNames names)
    {
        List<ThreadEntry> entries = new ThreadWalker(memory, Layout, Root).List(out string? torn);
        ulong version = torn is null ? 17u : 18u;
        foreach (ThreadEntry entry in entries)
        {
            version = Mix(version, entry.Address.Value);
            version = Mix(version, entry.Word(Layout.Thread.thread_id));
            version = Mix(version, names.Version(memory, entry.Interpreter));
        }

        return version;

        static ulong Mix(ulong version, ulong value) => unchecked((BitOperations.RotateLeft(version, 23) ^ value) * 0x9e3779b97f4a7c15);
    }

    /// <summary>To read objects by; what it learns of types holds for as long as that memory stands still.</summary>
    internal PyObjects Objects(IMemory memory) => new(memory, ObjectLayout, _found.Hash);

    /// <summary>Names of threads; where an interpreter keeps them has not been located yet.</summary>
    internal ThreadNames NewThreadNames() => new(Layout, ObjectLayout, _found.Hash);

    /// <summary>Where each interpreter that there is now keeps the names of its threads.</summary>
    internal ThreadNames LocateThreadNames()
    {
        ThreadNames names = NewThreadNames();
        ForEachInterpreter(names.Locate);
        return names;
    }

    private void ForEachInterpreter(Action<IMemory, Address> locate)
    {
        IMemory memory = _target.Glance();
        var guard = new CycleGuard();
        memory.TryReadPointer(_found.Root.Head, out Address interpreter);
        while (!interpreter.IsNull && guard.Enter(interpreter, Limits.Interpreters))
        {
            locate(memory, interpreter);
            if (!memory.TryReadPointer(interpreter + Layout.Interpreter.next, out interpreter))
                break;
        }
    }

    /// <summary>Reads frames, of this version.</summary>
    internal FrameChain FramesOf(PyObjects objects) => FrameChain.For(objects, Layout, _found.Semantics);

    /// <summary>Byte offset in the code of what <c>f_lasti</c> says (up to 3.10).</summary>
    internal int LastInstruction(int last) => _found.Semantics.Instruction == InstructionForm.UnitOffset ? unchecked(last * 2) : last;

    /// <summary>Where each interpreter that there is now keeps its asyncio tasks.</summary>
    internal TaskRegistry LocateTasks(AsyncioDebug? debug, AsyncioLayout tasks)
    {
        Address? allTasks = null;
        if (tasks.fut_callback0 == Offset.Absent)
        {
            foreach (Module module in AsyncioDebug.Candidates(_target, null))
                allTasks ??= StaticTasks.Find(_target.Images.For(module), Objects(_target.Glance()));
        }

        var registry = new TaskRegistry(Layout, Objects, debug, tasks, allTasks);
        ForEachInterpreter(registry.Locate);
        return registry;
    }

    /// <summary>Starting up, running, or finalizing, as the runtime says it of itself.</summary>
    public InterpreterPhase Phase(IMemory memory)
    {
        Address finalizing = Layout.Runtime.finalizing == Offset.Absent ? _found.Root.Finalizing : _found.Root.Runtime + Layout.Runtime.finalizing;
        if (!finalizing.IsNull && memory.TryReadPointer(finalizing, out Address thread) && !thread.IsNull)
            return InterpreterPhase.Finalizing;
        bool isStarting = Layout.Runtime.initialized == Offset.Absent
            ? !_found.IsProved
            : memory.TryRead(_found.Root.Runtime + Layout.Runtime.initialized, out int initialized) && initialized == 0;
        return isStarting ? InterpreterPhase.Starting : InterpreterPhase.Running;
    }

    /// <summary>The image that the kernel started: it names a loader, and is not the C library, which can be run as a program too.</summary>
    private Module? Program()
    {
        foreach (Module module in _target.Modules.Modules)
        {
            bool isProgram = false;
            foreach (ElfProgramHeader header in _target.Images.For(module).Elf?.ProgramHeaders ?? [])
                isProgram |= header.Type == ElfSegmentType.Interpreter;
            if (isProgram && !module.FileName.StartsWith("lib", StringComparison.Ordinal))
                return module;
        }

        return Module;
    }
}
