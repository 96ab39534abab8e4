using Kaa.Control.Tracing.Decoding;
using Kaa.Formats;
using Kaa.Linux;
using Kaa.Linux.Calls;
using Kaa.Linux.Memory;
using Kaa.Linux.Proc;
using Kaa.Linux.Tracing;
using Kaa.Python;
using Kaa.Python.Stack;
using Kaa.Results;

namespace Kaa.Control.Tracing;

/// <summary>A process that is traced: its memory, its descriptors, and the interpreter in it, which is found when there is one.</summary>
internal sealed class TracedProcess(int pid, TraceRequest request) : IDisposable
{
    // A search for an interpreter costs some milliseconds, in which the thread that made the hit stands still.
    private const int FirstPause = 3_000;
    private const int LongestPause = 1_000_000;
    private const int NamesEvery = 200_000;

    private static readonly TraceStack s_notFound = new([], "no interpreter has been found in the process yet");

    private LiveMemory? _live;
    private PythonProcess? _python;
    private CallerStacks? _stacks;
    private LiveTarget? _target;
    private long _nextSearch;
    private int _searchPause = FirstPause;

    public int Pid { get; } = pid;

    public TracedDescriptors Descriptors { get; } = new(ProcRoot.System, pid);

    public ForesightMemory? Memory { get; private set; }

    public ArgumentDecoder? Decoder { get; private set; }

    /// <summary>How often a hit's stack was not known since no interpreter had been found.</summary>
    public long WithoutInterpreter { get; private set; }

    public bool HasPython => _python is not null;

    /// <summary>Why no interpreter was found; null where one was, or none was sought.</summary>
    public string? NoPython { get; private set; }

    /// <summary>An interpreter that is known already: found before the trace began, or a parent's before its fork.</summary>
    public void Know(PythonProcess? python) => _python = python;

    public void KnowAsParent(TracedProcess parent) => _python = parent._python;

    /// <summary>False where the memory can't be read.</summary>
    /// <param name="probe">An address that can be read.</param>
    public bool Open(int tid, ulong probe)
    {
        if (Memory is not null)
            return true;
        _live = LiveMemory.Open(ProcRoot.System, tid, new Address(probe), out _);
        if (_live is null)
            return false;
        Memory = new ForesightMemory(_live);
        Decoder = new ArgumentDecoder(Memory, Descriptors.Find, request.MaxValue, request.Redact);
        return true;
    }

    /// <summary>Another program runs in it.</summary>
    public void Replaced()
    {
        _live?.Dispose();
        _target?.Dispose();
        (_live, Memory, Decoder, _python, _stacks, _target) = (null, null, null, null, null, null);
        (_nextSearch, _searchPause) = (0, FirstPause);
        Descriptors.Forget();
    }

    /// <summary>Of a thread that stands still, with <see cref="Memory"/> begun anew.</summary>
    public TraceStack ReadStack(TracedThread thread)
    {
        if (Memory is null || thread.Caller is null)
            return s_notFound;
        if (_python is null && !Search())
        {
            WithoutInterpreter++;
            return s_notFound;
        }

        _stacks ??= new CallerStacks(_python!, Memory);
        TraceStack stack = _stacks.Read(thread.Caller);
        long now = Clock.Microseconds;
        if (now >= thread.NameReadAt + NamesEvery)
        {
            thread.NameReadAt = now;
            _stacks.ReadName(thread.Caller);
        }

        return stack;
    }

    public static string? NameOf(TracedThread thread) => thread.Caller?.Name ?? (thread.KernelName ??= KernelName.Read(ProcRoot.System, thread.Tid));

    public void Dispose() => Replaced();

    private bool Search()
    {
        long began = Clock.Microseconds;
        if (began < _nextSearch)
            return false;
        try
        {
            _target = LiveTarget.Open(Pid);
            _python = PythonProcess.Find(_target, thorough: false);
            NoPython = null;
            return true;
        }
        catch (UserError e)
        {
            NoPython = e.Message;
        }
        catch (TargetFault fault)
        {
            NoPython = fault.Message;
        }

        // A program that is no Python is sought through ever more seldom, one that is about to become one soon again.
        _target?.Dispose();
        _target = null;
        long took = Clock.Microseconds - began;
        _nextSearch = began + Math.Max(took * 4, _searchPause);
        _searchPause = Math.Min(_searchPause * 3 / 2, LongestPause);
        return false;
    }
}
