using Kaa.Control.Debugging.Commands;
using Kaa.Control.Debugging.Symbols;
using Kaa.Control.Debugging.Values;
using Kaa.Control.Debugging.Words;
using Kaa.Formats;
using Kaa.Formats.Elf;
using Kaa.Linux.Controlling;
using Kaa.Linux.Registers;
using Kaa.Results;

namespace Kaa.Control.Debugging.Execution.Calls;

/// <summary><c>call</c>, and functions in the expressions of <c>print</c>: the selected thread calls them.</summary>
internal sealed class CallWords
{
    private const string Usage =
        "[/FORMAT] EXPRESSION\nAs in call getpid(), call (char *) getenv(\"HOME\"), call dlopen(\"libm.so.6\", 2), call ((double (*)(double)) sqrt)(2.0). The selected thread calls the function: up to six integers and pointers, up "
        + "to eight doubles; texts are copied into the process, and are gone afterwards. After a dlopen, dlmopen or dlsym that gives 0 dlerror is told. Refused where the thread may hold a lock that the function "
        + "needs (in the loader, an allocator, stdio, …), and for functions of CPython's where it does not hold the GIL: set unsafe-calls on calls all the same.";

    private readonly DebugSession _session;
    private readonly ExecutionControl _execution;

    /// <summary>Calls that were begun and did not return while the session waited.</summary>
    private readonly List<TargetCall> _open = [];

    private CallWords(DebugSession session, ExecutionControl execution)
    {
        _session = session;
        _execution = execution;
        session.Caller = Call;
        session.Leaving += Forget;
    }

    public static void AddTo(DebugSession session, ExecutionControl execution)
    {
        _ = new CallWords(session, execution);
        session.Commands.Add(new SimpleCommand("call", "Have the selected thread call a function; prints what it gives back", (_, argument) => DataWords.Print(session, argument, isSilent: true)) { More = Usage });
    }

    /// <exception cref="UserError">call-refused, call-unsafe, call-abandoned, and those of a session that has no live process.</exception>
    private DataValue Call(DataValue function, IReadOnlyList<DataValue> arguments)
    {
        if (function.Type.Kind is not (DataKind.Unknown or DataKind.Pointer))
            throw new UserError("expression", "This is no function.", "call NAME(ARGUMENTS), or ((TYPE (*)()) ADDRESS)(ARGUMENTS)");
        (CallerState state, string? name) = Run(function, arguments);
        DataValue result = ReturnTypes.Of(name, function.Type.Of?.Returns, state);
        _session.Values.Set("_errno", DataValue.Integer(state.Error));
        if (state.Result == 0 && name is "dlopen" or "dlmopen" or "dlsym" or "dlvsym")
            TellLoaderError();
        return result;
    }

    private (CallerState State, string? Name) Run(DataValue function, IReadOnlyList<DataValue> arguments)
    {
        LiveInferior inferior = _session.RequireLive();
        InferiorThread selected = _session.RequireThread();
        int level = _session.Stack.Level;
        (Address address, string? name) = Resolve(inferior, function);
        TargetCall call = Begin(inferior, selected, address, name, arguments);
        bool isDone = _execution.RunUntilDone(new ResumePlan { IsAlone = true, IsDone = () => call.IsOver });
        CallerState? state = null;
        if (isDone && inferior.State == InferiorState.Stopped)
            inferior.Tracing.Run(() => state = call.End());
        if (state is not { } ended)
        {
            _open.Add(call);
            throw new UserError(
                "call-abandoned", "The process stopped while it was in a function that Kaa has called; evaluation of the expression is abandoned.",
                "when the function returns, the thread goes on where it was before the call");
        }

        call.Dispose();
        inferior.EndRun();
        if (inferior.Threads.FirstOrDefault(thread => thread.Tid == selected.Tid) is { } same)
            _session.Select(same);
        _session.Stack.Select(level);
        return (ended, name);
    }

    private TargetCall Begin(LiveInferior inferior, InferiorThread selected, Address address, string? name, IReadOnlyList<DataValue> arguments)
    {
        TargetCall? begun = null;
        UserError? refusal = null;
        Address errno = inferior.Names.Find("__errno_location")?.Start ?? Address.Null;
        bool allowsUnsafe = _session.Settings.AllowsUnsafeCalls;
        inferior.Tracing.Run(() =>
        {
            ControlledThread? thread = inferior.Control.Find(selected.Tid);
            refusal = thread is null ? Asleep : WhyNot(inferior, thread, name, allowsUnsafe);
            if (refusal is not null)
                return;
            try
            {
                Collect();
                begun = TargetCall.Begin(inferior, thread!, errno, address, arguments);
            }
            catch (UserError error)
            {
                refusal = error;
            }
        });
        return begun ?? throw refusal!;
    }

    private static UserError Asleep { get; } = new(
        "call-refused", "The function was not called: the selected thread sleeps in a system call that Kaa can't interrupt without loss.", "select another thread, or stop this one at a breakpoint");

    private static UserError? WhyNot(LiveInferior inferior, ControlledThread thread, string? name, bool allowsUnsafe)
    {
        var safety = new CallSafety(inferior, thread);
        if (safety.WhyImpossible() is { } why)
            return new UserError("call-refused", $"The function was not called: the selected thread {why}.", "select another thread, or stop this one at a breakpoint");
        return !allowsUnsafe && safety.WhyUnsafe(name) is { } danger
            ? new UserError(
                "call-unsafe", $"The function was not called, because {danger.Replace("it ", "the selected thread ", StringComparison.Ordinal)}.",
                name?.StartsWith("Py", StringComparison.Ordinal) == true
                    ? "kaa exec PID CODE runs Python at a safe point; set unsafe-calls on calls the function here all the same, and the process may hang or die of it"
                    : "stop elsewhere; set unsafe-calls on calls it here all the same, and the process may hang or die of it")
            : null;
    }

    private static (Address Address, string? Name) Resolve(LiveInferior inferior, DataValue function)
    {
        if (function.Symbol is { } symbol && inferior.Names.Find(symbol) is { } place)
        {
            if (place.Type != ElfSymbolType.Indirect)
                return (place.Start, place.Name);
            return (IndirectFunctions.Find(inferior, place) ?? throw IndirectFunctions.Unknown(place), place.Name);
        }

        Address address = Operators.AsAddress(function);
        return (address, inferior.Names.At(address) is { } known && known.Start == address ? known.Name : null);
    }

    /// <summary>Where gdb leaves one with 0x0: what the loader has against it.</summary>
    private void TellLoaderError()
    {
        if (_session.Require().Names.Find("dlerror") is not { } symbol)
            return;
        CallerState state = Run(new DataValue(DataType.Code, 0, symbol.Start) { Symbol = "dlerror" }, []).State;
        if (state.Result != 0)
            _session.Output.Line("dlerror: " + new ValueText(_session, _session.Scope).TextAt(new Address(state.Result), 0));
    }

    /// <summary>Takes away what is left of calls that have returned meanwhile. On the thread that traces.</summary>
    private void Collect()
    {
        for (int i = _open.Count - 1; i >= 0; i--)
        {
            if (_open[i].End() is null)
                continue;
            _open[i].Dispose();
            _open.RemoveAt(i);
        }
    }

    private void Forget(Inferior left)
    {
        if (left is LiveInferior { State: InferiorState.Stopped } inferior && _open.Count > 0)
            inferior.Tracing.Run(Collect);
        foreach (TargetCall call in _open)
        {
            if (call.Inferior == left)
                call.Dispose();
        }

        _open.RemoveAll(call => call.Inferior == left);
    }
}
