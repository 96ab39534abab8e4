using System.Runtime.CompilerServices;
using Kaa.Formats;
using Kaa.Linux.Memory;

namespace Kaa.Control.Agent;

/// <summary>What an agent's hooks have changed of the program's code, taken back.</summary>
internal static class LeftCode
{
    /// <summary>While all threads are held. Gives how many places were restored, and how many hold what neither Kaa nor the program has written.</summary>
    public static (int Restored, int Foreign) Restore(LeftAgent left, TargetPatch patch)
    {
        int restored = 0;
        int foreign = 0;
        foreach (AgentHook hook in left.ReadHooks(patch))
        {
            if (hook.address == 0 || hook.patch_size == 0)
                continue;
            switch (CodeBytes.Exchange(patch, new Address(hook.address), hook.word, (int)hook.patch_size, hook.patched, hook.original))
            {
                case RestoreResult.Restored:
                    restored++;
                    break;
                case RestoreResult.Foreign when hook.state == AgentHookState.Armed:
                    foreign++;
                    break;
            }
        }

        return (restored, foreign);
    }

    /// <summary>Tells the agent that none of its hooks is one.</summary>
    public static void Forget(LeftAgent left, AgentMemory memory)
    {
        uint count = memory.ReadHalf(AgentWords.HookCountOffset);
        for (uint i = 0; i < Math.Min(count, left.Header.hook_capacity); i++)
        {
            ulong hook = left.Header.hooks + i * (ulong)Unsafe.SizeOf<AgentHook>();
            if (memory.ReadHalf(hook + AgentWords.HookState) is (uint)AgentHookState.Armed or (uint)AgentHookState.Prepared)
                memory.WriteHalf(hook + AgentWords.HookState, (uint)AgentHookState.Removed);
        }
    }
}
