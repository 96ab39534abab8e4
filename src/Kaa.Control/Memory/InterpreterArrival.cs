using Kaa.Control.Agent;
using Kaa.Formats;
using Kaa.Linux;
using Kaa.Linux.Looking;
using Kaa.Python;
using Kaa.Results;
using Kaa.Target;

namespace Kaa.Control.Memory;

/// <summary>
/// Waits for the interpreter of a program that was started: threads that come by what it begins with wait for a moment, until it can be told whether it is there. The first code of
/// Python's that runs comes by here before it has a frame.
/// </summary>
internal sealed class InterpreterArrival(AgentSession agent, int pid, PointedTables? tables)
{
    /// <summary>In the order in which they are called: in front of the first objects, then of the first code.</summary>
    private static readonly string[] s_functions =
    [
        "Py_InitializeFromConfig", "_Py_InitializeCore", "_Py_InitializeFromConfig", "Py_InitializeEx", "_Py_InitializeEx_Private",
        "PyImport_ImportFrozenModule", "PyImport_ImportFrozenModuleObject", "PyImport_ExecCodeModuleEx", "PyEval_EvalCode",
    ];

    private readonly List<HookHandle> _hooks = [];

    /// <summary>The process that <see cref="TryMeet"/> has found it in; who asked owns it.</summary>
    public LiveTarget? Target { get; private set; }

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

    /// <summary>A thread has come by. Null where there is no interpreter yet; else the agent knows it, and <see cref="Leave"/> is next.</summary>
    /// <exception cref="UserError">The process can't be stopped.</exception>
    public PythonProcess? TryMeet()
    {
        LiveTarget target = LiveTarget.Open(pid);
        tables?.PointAgain();
        if (PythonProcess.TryFind(target) is { } python && agent.Teach(python))
        {
            Target = target;
            return python;
        }

        target.Dispose();
        return null;
    }

    /// <summary>Nobody comes by any more, and who waits goes on.</summary>
    /// <exception cref="UserError">The process can't be stopped.</exception>
    public void Leave()
    {
        foreach (HookHandle hook in _hooks)
            agent.Remove(hook);
        agent.Arm();
    }
}
