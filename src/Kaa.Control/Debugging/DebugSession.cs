using Kaa.Control.Debugging.Commands;
using Kaa.Control.Debugging.Stack;
using Kaa.Python.Objects.Printing;
using Kaa.Python.Source;
using Kaa.Results;
using Kaa.Target.Cores;

namespace Kaa.Control.Debugging;

/// <summary>
/// A debugger's session: what it debugs, the words it knows, which thread and frame are selected. Words that change a process come from
/// <c>Execution</c>, and are added to the same table.
/// </summary>
public sealed class DebugSession : IDisposable
{
    private readonly List<Inferior> _inferiors = [];
    private InferiorThread? _thread;
    private int _last;
    private int _epoch;
    private SourceFinder? _sources;

    public DebugSession(ISessionOutput output, DebugOptions options)
    {
        Output = output;
        Options = options;
        Stack = new SessionStack(this);
        Values = new Values.ValueStore();
        Settings.Set("follow-fork-mode", options.FollowFork);
    }

    public CommandTable Commands { get; } = new();

    public ISessionOutput Output { get; private set; }

    public DebugOptions Options { get; }

    public SessionSettings Settings { get; } = new();

    /// <summary>The selected frame.</summary>
    public SessionStack Stack { get; }

    /// <summary><c>$1</c>, <c>$x</c>.</summary>
    public Values.ValueStore Values { get; }

    /// <summary>What <c>x</c> goes on with.</summary>
    public Words.ExaminationState LastExamination { get; } = new();

    /// <summary>How many scripts run one another.</summary>
    internal int ScriptDepth { get; set; }

    /// <summary>Calls a function of the process; null where nothing can be run.</summary>
    public Func<Values.DataValue, IReadOnlyList<Values.DataValue>, Values.DataValue>? Caller { get; set; }

    /// <summary>What is debugged; of several the selected one. Null for nothing yet.</summary>
    public Inferior? Inferior { get; private set; }

    /// <summary>All that is debugged, in the order of their numbers: more than one where both processes of a fork are.</summary>
    public IReadOnlyList<Inferior> Inferiors => _inferiors;

    /// <summary>Where the lines come from that are read now; blocks (<c>commands … end</c>) are read from it too.</summary>
    public ILineSource? Input { get; set; }

    /// <summary><c>quit</c> was said.</summary>
    public bool HasEnded { get; private set; }

    /// <summary>What <c>quit EXPR</c> gave; null where nothing.</summary>
    public int? ExitStatus { get; private set; }

    /// <summary>Called before the inferior is let go (quit, detach, another attach): breakpoints are taken back here.</summary>
    public event Action<Inferior>? Leaving;

    /// <summary>Called when there is a new inferior: pending breakpoints are set here.</summary>
    public event Action<Inferior>? Entered;

    /// <summary>The selected thread; null where there is none.</summary>
    public InferiorThread? Thread
    {
        get
        {
            Renew();
            return _thread;
        }
    }

    /// <exception cref="UserError">no-inferior</exception>
    public Inferior Require() => Inferior is { State: not InferiorState.Exited } inferior
        ? inferior
        : throw new UserError("no-inferior", "No process or core is being debugged.", "attach PID, core FILE, or run");

    /// <summary>The inferior, which must stand still.</summary>
    /// <exception cref="UserError">no-inferior, running</exception>
    public Inferior RequireStill() => Require() is { State: not InferiorState.Running } inferior
        ? inferior
        : throw new UserError("running", "The process is running.", "Ctrl-C stops it");

    /// <exception cref="UserError">no-inferior, core</exception>
    public LiveInferior RequireLive() => Require() as LiveInferior
        ?? throw new UserError("core", "This is a core: nothing of it can run.", null);

    /// <exception cref="UserError">no-thread</exception>
    public InferiorThread RequireThread()
    {
        RequireStill();
        return Thread ?? throw new UserError("no-thread", "No thread selected");
    }

    /// <summary>Takes the place of what was debugged before.</summary>
    public void Enter(Inferior inferior)
    {
        Leave();
        _last = 0;
        Join(inferior);
        SwitchTo(inferior);
    }

    /// <summary>Is debugged beside the others from now on.</summary>
    public void Join(Inferior inferior)
    {
        inferior.Number = ++_last;
        _inferiors.Add(inferior);
        Inferior ??= inferior;
        Entered?.Invoke(inferior);
    }

    /// <summary>A process takes the place of the one that made it, which has been left, and goes on.</summary>
    public void Succeed(Inferior parent, LiveInferior child)
    {
        child.Number = parent.Number;
        _inferiors[_inferiors.IndexOf(parent)] = child;
        SwitchTo(child);
        parent.Detach();
        parent.Dispose();
        Entered?.Invoke(child);
    }

    /// <summary>Another one is meant from now on.</summary>
    public void SwitchTo(Inferior? inferior)
    {
        Inferior = inferior;
        _thread = null;
        _epoch = -1;
        _sources?.Dispose();
        _sources = null;
        Stack.Forget();
    }

    /// <summary>Source files of what is debugged.</summary>
    public SourceFinder Sources => _sources ??= new SourceFinder(
        Require().Target.Files, Require().Target is CoreTarget core ? core.DumpedAt : Require().Target.StartedAt);

    /// <summary>Lets go of all that is debugged: processes go on.</summary>
    public void Leave()
    {
        while (_inferiors.Count > 0)
            Leave(_inferiors[^1]);
    }

    /// <summary>Lets go of one: where others are debugged, the first of them is meant then.</summary>
    public void Leave(Inferior inferior)
    {
        try
        {
            Leaving?.Invoke(inferior);
        }
        finally
        {
            // A process that was killed meanwhile lets nothing be taken back; it must be let go all the same.
            if (inferior.State != InferiorState.Exited)
                inferior.Detach();
            inferior.Dispose();
            _ = _inferiors.Remove(inferior);
            if (Inferior == inferior)
                SwitchTo(_inferiors.Count > 0 ? _inferiors[0] : null);
        }
    }

    /// <summary>There are or were several: threads are numbered with their process's number, as in gdb.</summary>
    public bool AreNumbered => _inferiors.Count > 1 || _inferiors is [{ Number: not 1 }];

    /// <summary>As gdb writes the number of a thread of the selected inferior: <c>3</c>, or <c>2.3</c>.</summary>
    public string NumberOf(InferiorThread thread) =>
        (AreNumbered ? $"{Inferior!.Number}." : "") + thread.Number.ToString(System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Another thread is meant from now on; its innermost frame is selected.</summary>
    public void Select(InferiorThread thread)
    {
        Renew();
        _thread = thread;
    }

    /// <summary>Where <c>print</c> and <c>x</c> find what they name.</summary>
    public Values.SessionScope Scope => new(this);

    /// <summary>How Python's objects are printed.</summary>
    public ValueOptions PythonValues() => new() { MaxValue = Settings.PythonText };

    /// <summary>What it writes goes elsewhere.</summary>
    internal void WriteTo(ISessionOutput output, Action action)
    {
        ISessionOutput own = Output;
        Output = output;
        try
        {
            action();
        }
        finally
        {
            Output = own;
        }
    }

    /// <summary>Runs one line; a comment or an empty one does nothing.</summary>
    /// <exception cref="UserError">It can't be done.</exception>
    public void Execute(string line)
    {
        line = line.Trim();
        if (line.Length == 0 || line[0] == '#')
            return;
        Commands.Find(line, out string argument).Execute(this, argument);
    }

    /// <summary>Lines up to <c>end</c>, of blocks inside of it too, as they are; to be run by <see cref="Execute"/>.</summary>
    /// <exception cref="UserError">The script ends before.</exception>
    public IReadOnlyList<string> ReadBlock()
    {
        var lines = new List<string>();
        for (int depth = 0; ;)
        {
            string line = Input?.ReadLine(">") ?? throw new UserError("no-end", "a block of commands without its end");
            string word = line.Trim().Split(' ', 2)[0];
            if (word == "end" && depth-- == 0)
                return lines;
            depth += word is "commands" or "if" or "while" or "python" or "define" or "document" ? 1 : 0;
            lines.Add(line);
        }
    }

    public void End(int? status)
    {
        HasEnded = true;
        ExitStatus = status;
    }

    public void Dispose() => Leave();

    /// <summary>After the process ran, what was selected is looked for anew.</summary>
    private void Renew()
    {
        if (Inferior is not { } inferior || inferior.Epoch == _epoch)
            return;
        _epoch = inferior.Epoch;
        int? tid = _thread?.Tid;
        _thread = null;
        foreach (InferiorThread thread in inferior.Threads)
        {
            if (thread.Tid == tid || _thread is null)
                _thread = thread;
        }
    }
}
