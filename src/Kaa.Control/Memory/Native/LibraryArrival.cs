using System.Globalization;
using Kaa.Control.Agent;
using Kaa.Control.Conditions;
using Kaa.Formats;
using Kaa.Linux.Looking;
using Kaa.Target;

namespace Kaa.Control.Memory.Native;

/// <summary>
/// Libraries that are loaded later: the dynamic linker calls <c>_dl_debug_state</c> for debuggers when one is mapped and relocated, and nothing of it has run. A thread waits there until
/// Kaa has looked (glibc, elf/dl-debug.c; musl, ldso/dynlink.c).
/// </summary>
internal sealed class LibraryArrival(AgentSession agent)
{
    private const int StateAt = 24; // struct r_debug: version, link map, address of the function, and then the state

    private readonly List<HookHandle> _hooks = [];

    /// <param name="held">Null where the process is to be stopped for it.</param>
    public void Watch(ObservedTarget target, HeldProcess? held)
    {
        foreach (Module module in target.Modules.Modules)
        {
            bool mayLoad = module.FileName.StartsWith("ld", StringComparison.Ordinal) || module.FileName.StartsWith("libc.", StringComparison.Ordinal);
            if (!mayLoad || target.Images.For(module).FindSymbol("_dl_debug_state") is not { } function)
                continue;
            _hooks.Add(agent.Add(new HookRequest { Address = function, Action = HookAction.Park, WantsStack = false, Condition = IsConsistent(target, module) }));
        }

        agent.Arm(held);
    }

    public bool IsOf(AgentEvent made) => _hooks.Contains(made.Hook);

    /// <summary>RT_CONSISTENT: else something is about to be loaded, or to go.</summary>
    private static ConditionProgram? IsConsistent(ObservedTarget target, Module module)
    {
        if (target.Images.For(module).FindSymbol("_r_debug") is not { } state)
            return null;
        string text = string.Create(CultureInfo.InvariantCulture, $"*(int*) {state.Value + StateAt} == 0");
        return ConditionProgram.Compile(ConditionParser.Parse(text));
    }
}
