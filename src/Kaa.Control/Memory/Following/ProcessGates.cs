using Kaa.Control.Agent;
using Kaa.Formats;
using Kaa.Linux;
using Kaa.Linux.Looking;
using Kaa.Target;

namespace Kaa.Control.Memory.Following;

/// <summary>The functions by which a process makes others, or becomes another program. A thread that comes by waits until Kaa is ready to go along.</summary>
internal static class ProcessGates
{
    private static readonly string[] s_execs = ["execve", "execveat", "fexecve"];

    // system and popen come by posix_spawn; pthread_create comes by clone, which is therefore left out.
    private static readonly string[] s_children = ["fork", "vfork", "posix_spawn", "posix_spawnp"];

    /// <param name="held">Null where the process is to be stopped for it.</param>
    public static void Watch(LiveTarget target, AgentSession agent, HeldProcess? held, GateChoice choice)
    {
        if (choice == GateChoice.None)
            return;
        var known = new HashSet<Address>();
        foreach (Module module in target.Modules.Modules)
        {
            if (choice.HasFlag(GateChoice.Execs))
                Add(target, agent, module, s_execs, known);
            if (choice.HasFlag(GateChoice.Children))
                Add(target, agent, module, s_children, known);
        }

        agent.Arm(held);
    }

    private static void Add(LiveTarget target, AgentSession agent, Module module, string[] names, HashSet<Address> known)
    {
        foreach (string name in names)
        {
            if (target.Images.For(module).FindSymbol(name) is { } address && known.Add(address))
                agent.Add(new HookRequest { Address = address, Action = HookAction.Park, WantsStack = false });
        }
    }
}
