using Kaa.Control.Agent;
using Kaa.Formats;
using Kaa.Linux;
using Kaa.Linux.Looking;
using Kaa.Target;

namespace Kaa.Control.Following;

/// <summary>The functions by which a process makes others, or becomes another program. A thread that comes by waits until Kaa is ready to go along.</summary>
internal static class ProcessGates
{
    private static readonly string[] s_execs = ["execve", "execveat", "fexecve"];

    // exit(3) of musl calls _Exit; the C library of GNU has one function by both names.
    private static readonly string[] s_exits = ["Py_FinalizeEx", "Py_Finalize", "_exit", "_Exit"];

    // system and popen come by posix_spawn; pthread_create comes by clone, which is therefore left out.
    private static readonly string[] s_children = ["fork", "vfork", "posix_spawn", "posix_spawnp"];

    /// <summary>Where Python's code is given up, and where the C library ends the process.</summary>
    public static HashSet<Address> FindExits(LiveTarget target)
    {
        var found = new HashSet<Address>();
        foreach (Module module in target.Modules.Modules)
            Find(target, module, s_exits, found);
        return found;
    }

    /// <summary>Where threads are to wait.</summary>
    public static HashSet<Address> Find(LiveTarget target, GateChoice choice)
    {
        var found = new HashSet<Address>();
        foreach (Module module in target.Modules.Modules)
        {
            if (choice.HasFlag(GateChoice.Execs))
                Find(target, module, s_execs, found);
            if (choice.HasFlag(GateChoice.Children))
                Find(target, module, s_children, found);
        }

        return found;
    }

    /// <param name="held">Null where the process is to be stopped for it.</param>
    public static void Watch(LiveTarget target, AgentSession agent, HeldProcess? held, GateChoice choice)
    {
        if (choice == GateChoice.None)
            return;
        foreach (Address address in Find(target, choice))
            agent.Add(new HookRequest { Address = address, Action = HookAction.Park, WantsStack = false });
        agent.Arm(held);
    }

    private static void Find(LiveTarget target, Module module, string[] names, HashSet<Address> found)
    {
        foreach (string name in names)
        {
            if (target.Images.For(module).FindSymbol(name) is { } address)
                found.Add(address);
        }
    }
}
