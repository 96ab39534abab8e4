using Kaa.Formats;
using Kaa.Linux;
using Kaa.Python;
using Kaa.Python.Native;
using Kaa.Python.Objects.Printing;
using Kaa.Python.Source;
using Kaa.Python.Stack;
using Kaa.Python.Tasks;
using Kaa.Python.Waits;
using Kaa.Results;
using Kaa.Target;
using Kaa.Target.Cores;
using Kaa.Target.Symbols;

namespace Kaa.Cli.Stacks;

/// <summary>One process or core for the length of the command: opened at the first look, kept open for the next ones.</summary>
internal sealed class StackSession(StackTarget target, StackRequest request, Interruption interruption) : IDisposable
{
    private const int MostStops = 3;

    private ObservedTarget? _process;
    private PythonProcess? _python;
    private SourceFinder? _sources;
    private Symbolizer? _symbols;

    public StackTarget Target { get; } = target;

    /// <summary>The last report; null before the first.</summary>
    public StackReport? Last { get; private set; }

    /// <summary>It gave an error: it will not be asked again.</summary>
    public bool HasEnded { get; private set; }

    /// <exception cref="UserError">There is no answer.</exception>
    public StackReport Look()
    {
        try
        {
            return Last = LookWithRetries();
        }
        catch (TargetFault fault)
        {
            HasEnded = true;
            throw new UserError(
                "unreadable", $"{Target} could not be read: {fault.Message}", "look again; if it stays so, please report it", fault);
        }
        catch (UserError error)
        {
            HasEnded = true;
            if (_process is CoreTarget core)
                throw WithReasons(core, error);
            if (error.Code == "not-python" && Target is { Core: null, IsChild: false } && !request.Subprocesses)
                throw PythonDescendant.Named(Target.Pid, error);
            throw;
        }
    }

    public void Dispose() => Close();

    private StackReport LookWithRetries()
    {
        const int Most = 3;
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                return LookAtProcess();
            }
            catch (UserError error) when (error.Code == "target-replaced" && attempt < Most)
            {
                // It began another program under the same pid, which may be a Python too.
                Close();
            }
        }
    }

    private void Close()
    {
        _sources?.Dispose();
        _process?.Dispose();
        (_sources, _symbols, _process, _python) = (null, null, null, null);
    }

    private StackReport LookAtProcess()
    {
        _process ??= Open();
        // One that was starting at the last look may have another state, elsewhere, by now.
        if (_python is null || Last?.Interpreter.Phase == InterpreterPhase.Starting)
            _python = PythonProcess.Find(_process);
        _sources ??= new SourceFinder(_process.Files, _process is CoreTarget dumped ? dumped.DumpedAt : _process.StartedAt);
        var waits = new WaitInspector(_python, _process);
        NativeStacks? native = request.Native ? new NativeStacks(_python, _process, _symbols ??= new Symbolizer(_process), request.NativeAll) : null;
        IThreadInspector[] inspectors = native is null ? [waits] : [waits, native];
        TaskInspector? tasks = request.Tasks ? new TaskInspector(_python, _process) : null;
        var observer = new StackObserver(
            _python, new StackOptions { Inspectors = inspectors, Locals = request.Locals ? Locals() : null, Tasks = tasks });
        LookResult look = native is null ? _process.Observe(observer, LookOptions()) : Look(_process, observer, native);
        // From here on the process runs again.
        (IReadOnlyList<ThreadStack> threads, IReadOnlyList<Deadlock> deadlocks) = waits.Complete(observer.Threads(look));
        threads = native?.Merge(threads, look) ?? threads;
        var selection = new ThreadSelection(request.Threads);
        ThreadStack[] shown = [.. selection.Of(CrashedFirst(threads, _process.Info.Signal), Target).Select(thread => _sources.AddTo(thread, request.SourceLines))];
        return new StackReport
        {
            Target = _process.Info,
            Interpreter = _python.Describe(),
            PauseMicroseconds = look.PauseMicroseconds,
            Deadlocks = selection.Of(deadlocks, shown),
            Threads = shown,
            Tasks = tasks is null ? null : _sources.AddTo(tasks.Complete(), request.SourceLines),
            Notes =
            [
                .. Target.Note is { } note ? [note] : Array.Empty<Note>(), .. _process.Notes, .. observer.Notes(look), .. native?.Notes ?? [], .. _symbols?.Notes ?? [], .. request.Debuginfod?.Notes ?? [],
                .. tasks?.Notes ?? [], .. Completeness.Notes(shown),
                .. _sources.Notes,
            ],
        };
    }

    private ObservedTarget Open()
    {
        if (Target.Core is not null)
            interruption.Arm();
        ObservedTarget target = Target.Core is { } core ? CoreTarget.Open(core, request.CoreOptions) : LiveTarget.Open(Target.Pid);
        target.DebugFiles = target.DebugFiles with { Directories = request.DebugDirectories, Ask = request.Debuginfod is { } servers ? servers.Find : null };
        return target;
    }

    /// <summary>What the core lacks is why there is no answer.</summary>
    private static UserError WithReasons(CoreTarget core, UserError error)
    {
        const string Whole = "get the whole core; RLIMIT_CORE (ulimit -c) or a full disk may have cut it";
        const int Most = 3;
        if (core.Notes.FirstOrDefault(note => note.Code == "core-truncated") is { } cut)
            return new UserError(cut.Code, $"{cut.Message}, and what is left does not do: {error.Message}", Whole, error);
        string[] files = [.. core.Notes.Where(note => note.Code is "file-missing" or "file-other-build").Take(Most).Select(note => note.Message)];
        return files.Length == 0 ? error : new UserError(error.Code, $"{error.Message}; {string.Join("; ", files)}", error.Hint, error);
    }

    /// <summary>The thread that a core's signal was for, then the others in their order.</summary>
    private static IReadOnlyList<ThreadStack> CrashedFirst(IReadOnlyList<ThreadStack> threads, CrashSignal? signal) =>
        signal is null ? threads : [.. threads.Where(thread => thread.Tid == signal.Tid), .. threads.Where(thread => thread.Tid != signal.Tid)];

    /// <summary>A second time at those whose C frames can't be told while they sleep: they are stopped for it.</summary>
    private LookResult Look(ObservedTarget process, StackObserver observer, NativeStacks native)
    {
        ILookObserver both = native.Beside(observer);
        LookResult look = process.Observe(both, LookOptions());
        IReadOnlySet<int> needy = native.Unwind();

        // On a busy machine a thread may not stop within the time that there is.
        LookOptions options = LookOptions();
        for (int attempt = 0; attempt < MostStops && needy.Count > 0 && !request.NonBlocking; attempt++)
        {
            // A thread may have to stand still in each of them: together not for longer than is allowed.
            options = options with { MaxPause = options.MaxPause - TimeSpan.FromMicroseconds(look.PauseMicroseconds ?? 0), Only = needy, Stop = needy };
            if (options.MaxPause <= TimeSpan.Zero)
                break;
            look = look.With(process.Observe(both, options), needy);
            needy = native.Unwind();
        }

        return look;
    }

    private FrameLocals Locals() => new(new ValueOptions { MaxValue = request.MaxValue, Redact = request.Redact });

    private LookOptions LookOptions()
    {
        var options = new LookOptions { NonBlocking = request.NonBlocking, BeforeStopping = interruption.Arm };
        return request.MaxPause is { } pause ? options with { MaxPause = pause } : options;
    }
}
