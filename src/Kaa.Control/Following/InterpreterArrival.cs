using Kaa.Control.Agent;
using Kaa.Formats;
using Kaa.Linux;
using Kaa.Linux.Looking;
using Kaa.Python;
using Kaa.Results;
using Kaa.Target;

namespace Kaa.Control.Following;

/// <summary>
/// Waits for the interpreter of a program that was started: threads that come by what it begins with wait for a moment, until it can be told whether it is there. The first code of
/// Python's that runs comes by here before it has a frame.
/// </summary>
/// <param name="look">Done whenever a thread has come by, before it is looked whether the interpreter is there; null for nothing.</param>
internal sealed class InterpreterArrival(AgentSession agent, int pid, Action? look)
{
    /// <summary>In the order in which they are called: in front of the first objects, then of the first code.</summary>
    private static readonly string[] s_functions =
    [
        "Py_InitializeFromConfig", "_Py_InitializeCore", "_Py_InitializeFromConfig", "Py_InitializeEx", "_Py_InitializeEx_Private",
        "PyImport_ImportFrozenModule", "PyImport_ImportFrozenModuleObject", "PyImport_ExecCodeModuleEx", "PyEval_EvalCode",
    ];

    private readonly List<HookHandle> _hooks = [];

    public void Watch(ObservedTarget target, Module module, HeldProcess held)
    {
        foreach (string name in s_functions)
        {
            if (target.Images.For(module).FindSymbol(name) is { } address)
                _hooks.Add(agent.Add(new HookRequest { Address = address, Action = HookAction.Park, WantsStack = false }));
        }

        agent.Arm(held);
    }

    public bool IsOf(AgentEvent made) => _hooks.Contains(made.Hook);

    /// <summary>A thread has come by: where the interpreter is there by now, the agent knows it, and nobody has to come by any more.</summary>
    /// <param name="met">Told so; the target is its own.</param>
    public void Meet(Action<LiveTarget, PythonProcess> met)
    {
        try
        {
            LiveTarget target = LiveTarget.Open(pid);
            look?.Invoke();
            if (PythonProcess.TryFind(target) is not { } python || !agent.Teach(python))
            {
                target.Dispose();
                return;
            }

            met(target, python);
            Leave();
        }
        catch (UserError)
        {
            // The process has just ended.
        }
    }

    private void Leave()
    {
        foreach (HookHandle hook in _hooks)
            agent.Remove(hook);
        agent.Arm();
    }
}
