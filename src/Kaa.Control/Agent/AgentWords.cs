using System.Runtime.CompilerServices;
using Kaa.Python;
using Kaa.Python.Recorded;

namespace Kaa.Control.Agent;

/// <summary>Offsets in the header, and what the agent is told of a process.</summary>
internal static class AgentWords
{
    private static AgentHeader s_header;
    private static AgentHook s_hook;

    public static readonly ulong HookCountOffset = Of(ref s_header, ref s_header.hook_count);
    public static readonly ulong TrapCountOffset = Of(ref s_header, ref s_header.trap_count);
    public static readonly ulong TrapHandlerOffset = Of(ref s_header, ref s_header.trap_handler);
    public static readonly ulong CallsOffset = Of(ref s_header, ref s_header.calls);
    public static readonly ulong TidOffset = Of(ref s_header, ref s_header.tid);
    public static readonly ulong OwnerOffset = Of(ref s_header, ref s_header.owner);
    public static readonly ulong IslandsOffset = Of(ref s_header, ref s_header.islands);
    public static readonly ulong PythonOffset = Of(ref s_header, ref s_header.python);
    public static readonly ulong HeartbeatOffset = Of(ref s_header, ref s_header.heartbeat);
    public static readonly ulong TailOffset = Of(ref s_header, ref s_header.tail);
    public static readonly ulong WaitsOffset = Of(ref s_header, ref s_header.waits);
    public static readonly ulong ParksWaitingOffset = Of(ref s_header, ref s_header.parks_waiting);
    public static readonly ulong HeadOffset = Of(ref s_header, ref s_header.head);
    public static readonly ulong LostOffset = Of(ref s_header, ref s_header.lost);
    public static readonly ulong ArenaUsedOffset = Of(ref s_header, ref s_header.arena_used);
    public static readonly ulong HookState = Of(ref s_hook, ref s_hook.state);

    /// <summary>How it walks frames; nothing where there is no Python.</summary>
    /// <param name="tidOffset">Where the C library has a thread's id; 0 where that is not known.</param>
    public static AgentPython Of(AgentProcess process, PythonProcess? python, FrameWalk? walk, out int tidOffset)
    {
        tidOffset = 0;
        if (python is null || walk is null)
            return default;
        LookAtThreads look = LookAtThreads.Take(python, process.Tasks);
        tidOffset = ThreadWords.FindTid(python.ReadMemory(), look.Ids(process.Tasks));
        int? state = ThreadWords.FindState(python, look, process.Pid, process.Target);
        var words = new AgentPython
        {
            form = walk.CFrame is not null ? AgentFrameForm.CFrames : walk.InstructionSize == 4 ? AgentFrameForm.FrameObjects : AgentFrameForm.CurrentFrame,
            search = state is null or < 0 ? 1u : 0, // thread-local data of CPython's own is null while the thread has no GIL
            state = state ?? 0,
            frame = walk.Innermost,
            cframe_frame = walk.CFrame ?? -1,
            code = walk.Code,
            back = walk.Back,
            instruction = walk.Instruction,
            instruction_size = walk.InstructionSize,
            owner = walk.Owner ?? -1,
            shim = walk.Shim,
            thread_id = walk.ThreadId,
            next = walk.NextThread,
            code_mask = walk.CodeMask,
            list = walk.Threads.Value,
        };
        for (int i = 0; i < walk.Marks.Count; i++)
            words.marks[i] = walk.Marks[i];
        return words;
    }

    private static ulong Of<TWhole, TField>(ref TWhole whole, ref TField field) =>
        (ulong)Unsafe.ByteOffset(ref Unsafe.As<TWhole, byte>(ref whole), ref Unsafe.As<TField, byte>(ref field));
}
