using Kaa.Control.Agent;
using Kaa.Control.Following;
using Kaa.Control.Memory.Native;
using Kaa.Linux;
using Kaa.Linux.Looking;
using Kaa.Python;
using Kaa.Target;

namespace Kaa.Control.Memory;

/// <summary>What comes along while a process is recorded: its interpreter, libraries, and whoever is to be followed. A thread waits for Kaa at each of them.</summary>
/// <param name="modules">Whose unwind rules are known; null where no C stacks are recorded.</param>
internal sealed class RecordingArrivals(AgentSession agent, NativeModules? modules)
{
    private InterpreterArrival? _interpreter;
    private LibraryArrival? _libraries;

    /// <summary>Takes a thread that waits at one of <see cref="ProcessGates"/>, and releases it; null where it goes on at once.</summary>
    public Action<AgentEvent>? Waits { get; set; }

    /// <summary>The interpreter has come, and is known to the agent; the target is the callee's own.</summary>
    public required Action<LiveTarget, PythonProcess> Met { get; init; }

    /// <summary>An interpreter is waited for, and has not come.</summary>
    public bool IsInterpreterMissing => _interpreter is not null;

    /// <summary>Of a program at its beginning.</summary>
    /// <param name="image">Whose functions it will begin with.</param>
    /// <param name="look">As of <see cref="InterpreterArrival"/>.</param>
    public void AwaitInterpreter(LiveTarget target, Module image, HeldProcess held, Action? look)
    {
        _interpreter = new InterpreterArrival(agent, target.Info.Pid!.Value, look);
        _interpreter.Watch(target, image, held);
    }

    /// <param name="held">Null where the process is to be stopped for it.</param>
    public void AwaitLibraries(LiveTarget target, HeldProcess? held)
    {
        if (modules is null)
            return;
        _libraries = new LibraryArrival(agent);
        _libraries.Watch(target, held);
    }

    /// <summary>Does what those wait for who have come.</summary>
    public void Attend()
    {
        while (agent.TryRead(out AgentEvent? made))
        {
            if (_interpreter?.IsOf(made) == true)
            {
                _interpreter.Meet(Know);
                agent.Release(made);
            }
            else if (_libraries?.IsOf(made) == true)
            {
                modules!.Refresh();
                agent.Release(made);
            }
            else
            {
                (Waits ?? agent.Release)(made);
            }
        }
    }

    private void Know(LiveTarget target, PythonProcess python)
    {
        _interpreter = null;
        Met(target, python);
    }
}
